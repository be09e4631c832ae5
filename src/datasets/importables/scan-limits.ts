/** What one importable file may ask of the scanner; a file that asks for more is skipped. */
export interface ScanLimits {
  readonly maxEntries: number;
  /** Extension headers (long names, pax) in front of one member. */
  readonly maxHeadersPerEntry: number;
  /** Size of one extension header, and number of fragments tables of one sparse member times 512. */
  readonly maxHeaderBytes: number;
  /** For compressed files: bytes after expansion. */
  readonly maxExpandedBytes: number;
  /** For compressed files: expansion beyond this multiple of the file's size is a bomb, once `ratioFreeBytes` are passed. */
  readonly maxExpansionRatio: number;
  readonly ratioFreeBytes: number;
}

/** @see SECURITY-RULES.md 6 and 8 */
export const scanLimits: ScanLimits = {
  maxEntries: 100_000,
  maxHeadersPerEntry: 4,
  maxHeaderBytes: 1024 * 1024,
  maxExpandedBytes: 64 * 1024 ** 3,
  maxExpansionRatio: 200,
  ratioFreeBytes: 64 * 1024 ** 2,
};
