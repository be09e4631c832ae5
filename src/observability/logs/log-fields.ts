/**
 * The vocabulary of log lines: a line may leave any of these out, and has no others but `time`, `level`, `service` and `version`, which every line has.
 * @see API.md 7
 */
export interface LogFields {
  readonly requestId?: string;
  /** W3C trace id, 32 hexadecimal digits. */
  readonly traceId?: string;
  readonly jobId?: string;
  readonly datasetName?: string;
  /** Id of the principal: `issuer|subject`, `anonymous` or `signalbox`. */
  readonly actor?: string;
  /** How it ended, one word. */
  readonly outcome?: string;
  readonly durationMs?: number;
  /** Stable code of what went wrong; taken from `error` where it is not given. */
  readonly 'error.code'?: string;
  /** An `Error`, written as `{name, message, stack, cause}`. */
  readonly error?: unknown;
  /** The part of the service that speaks; set by the logger itself from its name. */
  readonly component?: string;
  /** Of a request: method, path without query, status of the answer. */
  readonly method?: string;
  readonly path?: string;
  readonly statusCode?: number;
}

/** What a Nest `Logger` method takes in place of a text when the line has fields: `logger.warn({ message: 'job is stale', jobId })`. */
export interface LogEntry extends LogFields {
  readonly message: string;
}
