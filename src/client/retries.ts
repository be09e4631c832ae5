import { setTimeout as sleep } from 'node:timers/promises';
import { NoAnswerError, retryAfterMsOf } from './problems.js';

/** How often and after which pauses a request is repeated. */
export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly tries: number;
  /** Greatest pause before the second try; doubled for each further one. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

export const defaultRetries: RetryPolicy = { tries: 6, firstPauseMs: 200, longestPauseMs: 10_000 };

const passing = new Set([429, 502, 503, 504]);

/** Half to the whole of the doubled pause, so that many clients do not come back together; what the service asks for is the least. */
export function pauseMs(tried: number, policy: RetryPolicy, options: { retryAfterMs?: number | null; random?: () => number } = {}): number {
  const whole = Math.min(policy.firstPauseMs * 2 ** (tried - 1), policy.longestPauseMs);
  const jittered = whole * (0.5 + (options.random ?? Math.random)() / 2);
  return Math.min(Math.max(jittered, options.retryAfterMs ?? 0), Math.max(policy.longestPauseMs, 30_000));
}

/** A filter that is too broad stays too broad: waiting does not help. */
async function isPassing(response: Response): Promise<boolean> {
  if (!passing.has(response.status)) return false;
  if (response.status !== 503) return true;
  return !(await response.clone().text()).includes('REQUEST.TOO_BROAD');
}

/** What one request needs beside itself. */
export interface SendOptions {
  readonly policy: RetryPolicy;
  /** Limit of one try; null: none, as for a stream. */
  readonly timeoutMs: number | null;
  /** The caller's own. It is not enough that the request has it: see `tryOnce`. */
  readonly signal: AbortSignal;
  readonly fetch: Fetch;
}

/** Sends a request; the signal ends it, its answer's body included. */
export type Fetch = (request: Request, options: { readonly signal: AbortSignal }) => Promise<Response>;

/** Aborts after a time. On Node 20 an `AbortSignal.timeout` that only `AbortSignal.any` looks at is collected as garbage, and never aborts. */
function timeLimit(timeoutMs: number): AbortSignal {
  const limit = new AbortController();
  setTimeout(() => limit.abort(new DOMException('The time limit of the request is over', 'TimeoutError')), timeoutMs).unref();
  return limit.signal;
}

/** The signal goes beside the request, not in it: a request follows its signal only until it is collected as garbage, which may be long before its answer has ended. */
async function tryOnce(request: Request, { timeoutMs, signal, fetch }: SendOptions): Promise<Response> {
  const limit = timeoutMs === null ? [] : [timeLimit(timeoutMs)];
  try {
    return await fetch(request.clone(), { signal: AbortSignal.any([signal, ...limit]) });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new NoAnswerError(request.url, error);
  }
}

/**
 * Sends a request, again and again while the service or the way to it fails in a way that passes. Every request of the client may be repeated: it reads,
 * states what should be, carries an `Idempotency-Key`, or is fenced by a lease token.
 * @returns the last answer, whatever its status
 * @throws NoAnswerError when the last try had no answer; the reason of the signal when that is aborted
 */
export async function sendWithRetries(request: Request, options: SendOptions): Promise<Response> {
  for (let tried = 1; ; tried++) {
    const last = tried >= options.policy.tries;
    const outcome = await tryOnce(request, options).catch((error: unknown) => {
      if (!(error instanceof NoAnswerError) || last) throw error;
      return null;
    });
    if (outcome && (last || !(await isPassing(outcome)))) return outcome;
    const retryAfterMs = outcome && retryAfterMsOf(outcome);
    await outcome?.body?.cancel();
    await sleep(pauseMs(tried, options.policy, { retryAfterMs }), undefined, { signal: options.signal });
  }
}
