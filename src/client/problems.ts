import type { components } from './openapi.types.js';

/** Problem details as the service answers them (RFC 9457); an error may have further members, such as `holder`. */
export type Problem = components['schemas']['Problem'] & Readonly<Record<string, unknown>>;

/** Thrown for every answer that is an error. The subclasses are the kinds that a caller treats differently; `code` names the exact error. */
export class ProblemError extends Error {
  constructor(
    readonly problem: Problem,
    /** How long the service asks to wait before the next try; null when it does not say. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(problem.detail || problem.title);
    this.name = new.target.name;
  }

  /** The stable name of the error, such as `JOBS.TARGET_BUSY`; `HTTP.<status>` for an answer of something else than the service. */
  get code(): string {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }

  /** Finds the request in the service's log. */
  get requestId(): string {
    return this.problem.requestId;
  }
}

/** Thrown when the request itself is wrong: 400, 405, 413, 415, 422 and the like. Repeating it does not help. */
export class InvalidRequestError extends ProblemError {}

/** Thrown when there is no usable token (401). */
export class UnauthenticatedError extends ProblemError {}

/** Thrown when the token lacks the role (403). */
export class ForbiddenError extends ProblemError {}

/** Thrown when there is no such object or route (404). */
export class NotFoundError extends ProblemError {}

/** Thrown when the object's state does not allow the call (409). */
export class ConflictError extends ProblemError {}

/** Thrown to a worker whose lease token no longer holds the job: stop, and write nothing. */
export class LeaseLostError extends ConflictError {}

/** Thrown when `If-Match` does not fit, or is missing (412, 428). */
export class PreconditionError extends ProblemError {}

/** Thrown when the service cannot answer now (429, 502, 503, 504) and the retries are used up. */
export class UnavailableError extends ProblemError {}

/** Thrown when no whole answer arrived: it is unknown whether the request took effect. */
export class NoAnswerError extends Error {
  constructor(
    readonly url: string,
    cause: unknown,
  ) {
    super(`No answer from ${url}: ${reasonOf(cause)}`, { cause });
    this.name = 'NoAnswerError';
  }
}

interface ErrorLike {
  readonly message?: string;
  readonly code?: string;
  readonly cause?: unknown;
}

/** The innermost message: `fetch failed` says nothing, its cause does. */
function reasonOf(error: unknown): string {
  const { message, code, cause } = (typeof error === 'object' && error !== null ? error : {}) as ErrorLike;
  if (cause) return reasonOf(cause);
  return message || code || String(error);
}

type ProblemClass = new (problem: Problem, retryAfterMs: number | null) => ProblemError;

const classes: Readonly<Record<number, ProblemClass>> = {
  401: UnauthenticatedError,
  403: ForbiddenError,
  404: NotFoundError,
  409: ConflictError,
  412: PreconditionError,
  428: PreconditionError,
  429: UnavailableError,
  502: UnavailableError,
  503: UnavailableError,
  504: UnavailableError,
};

function classOf({ status, code }: Problem): ProblemClass {
  if (code === 'JOBS.LEASE_LOST') return LeaseLostError;
  return classes[status] ?? (status < 500 ? InvalidRequestError : ProblemError);
}

/** Milliseconds of a `Retry-After` in seconds; null for none, and for a date. */
export function retryAfterMsOf(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after') ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : null;
}

/** The text as a problem; something else on the way, such as a proxy, may have answered instead of the service. */
function problemOf(response: Response, text: string): Problem {
  try {
    const body = JSON.parse(text) as Partial<Problem>;
    if (typeof body.code === 'string' && typeof body.title === 'string') return body as Problem;
  } catch {
    // not JSON: described below
  }
  return {
    type: 'about:blank',
    title: response.statusText || 'The answer is no answer of Signalbox',
    status: response.status,
    code: `HTTP.${response.status}`,
    detail: text.slice(0, 200).replace(/\s+/g, ' ').trim(),
    instance: new URL(response.url || 'http://unknown/').pathname,
    requestId: response.headers.get('x-request-id') ?? '',
    retryable: response.status === 429 || response.status >= 502,
    errors: [],
  };
}

/** The error of an answer that is not 2xx; reads its body. */
export async function problemErrorOf(response: Response): Promise<ProblemError> {
  const problem = problemOf(response, await response.text());
  return new (classOf(problem))(problem, retryAfterMsOf(response));
}
