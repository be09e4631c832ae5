import { setTimeout as sleep } from 'node:timers/promises';
import { type EventFilter, NoAnswerError, ProblemError, UnavailableError } from '../../client/index.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import type { Invocation } from '../invocation.js';

const pollMs = 2_000;

/** What is waited for. */
export interface Wait<T> {
  /** Which events tell that something may have changed. */
  readonly filter: EventFilter;
  /** What it is before the wait. */
  readonly first: T;
  readonly read: () => Promise<T>;
  readonly done: (value: T) => boolean;
  /** Told every value that was read. */
  readonly onValue?: (value: T) => void;
  /** Told the last value that was read when time is up: the result is what is so far. */
  readonly onTimeout: (value: T) => void;
  /** For the message when time is up. */
  readonly what: string;
}

/** An outage is waited through; the limit of the wait ends it. */
async function readThrough<T>({ read }: Wait<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof NoAnswerError || error instanceof UnavailableError) return undefined;
    throw error;
  }
}

class Waiting<T> {
  /** What was read last. */
  value: T;

  constructor(private readonly wait: Wait<T>) {
    this.value = wait.first;
  }

  /** Reads, tells, and says whether the wait is over. */
  private async look(): Promise<boolean> {
    const value = await readThrough(this.wait);
    if (value === undefined) return false;
    this.value = value;
    this.wait.onValue?.(value);
    return this.wait.done(value);
  }

  /** @returns false when the stream ended without the fact */
  async byStream(invocation: Invocation, signal: AbortSignal): Promise<boolean> {
    const stream = (await invocation.client()).events(this.wait.filter, { signal });
    try {
      while (!(await stream.next()).done) if (await this.look()) return true;
      return false;
    } finally {
      await stream.return(); // ends its connection
    }
  }

  async byPolling(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      if (await this.look()) return true;
      await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    }
    return false;
  }
}

/**
 * Waits for a fact: told of changes by the live stream, or asking every 2 s where there is none. Outages are waited through.
 * @returns the value that was done
 * @throws CommandError with exit code 7 when `--timeout` is over, with 130 on Ctrl-C; what is waited for goes on
 */
export async function waitUntil<T>(invocation: Invocation, wait: Wait<T>): Promise<T> {
  const { timeout } = invocation.flags;
  const limit = new AbortController(); // held by its timer: on Node 20 an AbortSignal.timeout in AbortSignal.any is collected, and never aborts
  if (timeout !== undefined) setTimeout(() => limit.abort(), timeout * 1_000).unref();
  const signal = AbortSignal.any([limit.signal, ...(invocation.io.signal ? [invocation.io.signal] : [])]);
  const waiting = new Waiting(wait);
  const seen = await waiting.byStream(invocation, signal).catch((error: unknown) => {
    if (error instanceof ProblemError) return waiting.byPolling(signal); // a service, or a token, without a stream
    throw error;
  });
  if (seen) return waiting.value;
  if (invocation.io.signal?.aborted) throw new CommandError(exitCodes.interrupted, `No longer waiting for ${wait.what}; it goes on.`);
  wait.onTimeout(waiting.value);
  throw new CommandError(exitCodes.unavailable, `Gave up waiting for ${wait.what} after ${timeout} s; it goes on.`);
}
