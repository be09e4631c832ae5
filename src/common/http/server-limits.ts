/** @see SECURITY-RULES.md 6 */
export const serverLimits = {
  bodyBytes: 1_048_576,
  headerBytes: 16_384,
  headersMs: 10_000,
  requestMs: 30_000,
  handlerMs: 10_000,
  queryBytes: 4_096,
  pathParameterCharacters: 2_048,
  keepAliveMs: 72_000,
} as const;
