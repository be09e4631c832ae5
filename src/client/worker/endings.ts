import { inspect } from 'node:util';
import { JobFailure, Snooze } from './job-run.js';
import type { Failure, RunResult } from './worker-protocol.js';

/** How a handler ended. */
export type Outcome = { readonly result: RunResult } | { readonly thrown: unknown };

const longestMessage = 2_000;
const unreadable = /(?![\n\r\t])[\p{Cc}\p{Cs}]/gu;

/** A text as the service takes one: readable, and cut where it is too long. */
function fitting(text: string): string {
  const short = text.length > longestMessage ? `${text.slice(0, longestMessage - 1)}…` : text;
  return short.replace(unreadable, '\uFFFD');
}

function textOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  return thrown instanceof Error ? String(thrown.message) : inspect(thrown);
}

/** What something thrown says, or its name when it says nothing. */
export function messageOf(thrown: unknown): string {
  const name = thrown instanceof Error ? String(thrown.name) : '';
  return fitting([textOf(thrown), name].find((text) => text.trim() !== '') ?? 'Failed without a message.');
}

/** What a handler that has thrown is told to the service as. */
export function failureOf(thrown: unknown): Failure {
  if (!(thrown instanceof JobFailure)) return { error: { code: 'WORKER.ERROR', message: messageOf(thrown) } };
  const { retryable, retryAfterSeconds, details } = thrown.options;
  return {
    error: { code: thrown.code, message: messageOf(thrown), ...(details === undefined ? {} : { details }) },
    ...(retryable === undefined ? {} : { retryable }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

/**
 * The failure that is told instead of an ending that was refused: a failure without what can be wrong with it, else `RESULT_REFUSED`, since another attempt
 * would end alike.
 * @param why the sentence of the refusal
 */
export function failureInsteadOf(outcome: Outcome, why: string): Failure {
  if (!('thrown' in outcome) || outcome.thrown instanceof Snooze)
    return { error: { code: 'RESULT_REFUSED', message: fitting(why) }, retryable: false };
  const message = fitting(`${why} It failed with: ${messageOf(outcome.thrown)}`);
  const retryable = !(outcome.thrown instanceof JobFailure) || outcome.thrown.options.retryable !== false;
  return { error: { code: 'WORKER.ERROR', message }, retryable };
}
