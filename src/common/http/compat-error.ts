/** Thrown by a compat controller to answer with exactly this status and text, in the envelope of its reference system. */
export class CompatError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'CompatError';
  }
}
