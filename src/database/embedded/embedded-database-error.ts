/**
 * Thrown when the embedded database cannot be found, started or kept running. Its message is written for the person who started the
 * service: what is wrong, where, and the cure. A stack adds nothing to it.
 */
export class EmbeddedDatabaseError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EmbeddedDatabaseError';
  }
}

/** What a line has beside its message. */
export interface EmbeddedLogFields {
  readonly error?: unknown;
}

/** Where the embedded database reports what happens to it; a pino logger fits. */
export interface EmbeddedDatabaseLog {
  info(fields: EmbeddedLogFields, message: string): void;
  warn(fields: EmbeddedLogFields, message: string): void;
}
