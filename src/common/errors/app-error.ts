/** What went wrong, as far as the caller's next step depends on it. `http/status.ts` maps each kind to one HTTP status. */
export const errorKinds = [
  'invalid',
  'unauthenticated',
  'forbidden',
  'not-found',
  'method-not-allowed',
  'timed-out',
  'conflict',
  'precondition-failed',
  'precondition-required',
  'too-large',
  'media-type',
  'range',
  'unprocessable',
  'headers-too-large',
  'rate-limited',
  'unavailable',
  'unexpected',
] as const;
export type ErrorKind = (typeof errorKinds)[number];

/** What is true of every error of one code. `cause` and `cure` are the sentences of its page in `docs/errors.md`. */
export interface ErrorSpec {
  /** Stable, `AREA.CONDITION`; part of the API. */
  readonly code: string;
  readonly kind: ErrorKind;
  readonly title: string;
  readonly cause: string;
  readonly cure: string;
  /** True when the same call may succeed later. */
  readonly retryable?: boolean;
}

const registry = new Map<string, ErrorSpec>();

/**
 * Registers an error code; called once per code, where its class is declared.
 * @throws Error when the code is taken: two conditions may not share one.
 */
export function defineError(spec: ErrorSpec): ErrorSpec {
  if (registry.has(spec.code)) throw new Error(`error code ${spec.code} is defined twice`);
  registry.set(spec.code, spec);
  return spec;
}

/** Every error code of the loaded modules, sorted by code. */
export function definedErrors(): ErrorSpec[] {
  return [...registry.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}

/** One offending place in a request: `pointer` is a JSON pointer into the body, or `?name` for a query parameter. */
export interface ErrorItem {
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

export interface AppErrorOptions {
  readonly errors?: readonly ErrorItem[];
  /** Further members of the problem document, such as `holder` or `current`. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Seconds for the `Retry-After` header. */
  readonly retryAfterSeconds?: number;
  /** Further response headers, such as `Allow` or `WWW-Authenticate`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** The base of every expected error: its message is the sentence shown to the caller. */
export abstract class AppError extends Error {
  readonly errors: readonly ErrorItem[];
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly spec: ErrorSpec,
    message: string,
    options: AppErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.errors = options.errors ?? [];
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.headers = options.headers ?? {};
  }

  get code(): string {
    return this.spec.code;
  }

  get kind(): ErrorKind {
    return this.spec.kind;
  }
}
