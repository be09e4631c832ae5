import { setTimeout as sleep } from 'node:timers/promises';
import { ConflictError, InvalidRequestError, NoAnswerError, UnavailableError } from '../../client/index.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import type { Invocation } from '../invocation.js';
import { visible } from '../output/text.js';
import type { Maintenance } from '../commands/maintenance-output.js';

const pollMs = 2_000;
/** How long one call waits; the service takes up to 300 s, proxies often less. */
const callSeconds = 25;
/** How long the last look may take once time is up. */
const lastLookMs = 3_000;
const jobsNamed = 5;
const path = '/api/v1/maintenance';

type Look = { readonly state: Maintenance | null; readonly pauseMs: number };

/** Asks once and lets the service wait. A service that cannot wait is asked again after a pause. */
async function look(invocation: Invocation, seconds: number): Promise<Look> {
  try {
    const timeout = Math.max(1, Math.min(callSeconds, Math.floor(seconds)));
    return {
      state: await invocation.request<Maintenance>('GET', path, { query: { wait: 'quiet', timeout }, timeoutMs: (timeout + 15) * 1_000 }),
      pauseMs: 0,
    };
  } catch (error) {
    if (error instanceof ConflictError && error.code === 'MAINTENANCE.NOT_QUIET') return { state: null, pauseMs: 0 };
    if (error instanceof InvalidRequestError) return { state: await invocation.request<Maintenance>('GET', path), pauseMs: pollMs };
    if (error instanceof NoAnswerError || error instanceof UnavailableError) return { state: null, pauseMs: pollMs };
    throw error;
  }
}

/** @throws CommandError when it is off */
function isQuiet(state: Maintenance | null): state is Maintenance {
  if (state?.mode === 'off')
    throw new CommandError(
      exitCodes.conflict,
      'Maintenance is off: nothing will become quiet. Turn it on with signalbox maintenance on --reason ...',
    );
  return state?.mode === 'quiet';
}

/** The switch as it is now; null when there is no answer soon. */
async function lastLook(invocation: Invocation): Promise<Maintenance | null> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), lastLookMs);
  const client = await invocation.client();
  const state = await client.request<Maintenance>({ path, signal: limit.signal }).catch(() => null);
  clearTimeout(timer);
  return state;
}

/** What still runs, in one sentence. */
function runningSentence({ remaining, remainingJobs }: Maintenance): string {
  if (remaining.jobs === 0) return ' No job runs, but an old worker may still start one.';
  const named = remainingJobs.slice(0, jobsNamed).map(({ jobId, datasetName, operation }) => `${datasetName} ${operation} (job ${jobId})`);
  const more = remaining.jobs - named.length;
  return visible(` Still running: ${[...named, ...(more > 0 ? [`${more} more`] : [])].join(', ')}.`);
}

/**
 * Waits until the switch is quiet.
 * @param onTimeout told the switch as it is when `--timeout` is over: the result is what is so far
 * @throws CommandError with 5 when it is or goes off, 7 when `--timeout` is over, 130 on Ctrl-C; the switch stays as it is
 */
export async function waitForQuiet(invocation: Invocation, onTimeout: (state: Maintenance) => void): Promise<Maintenance> {
  const { timeout = Infinity } = invocation.flags;
  const endsAt = Date.now() + timeout * 1_000;
  const { signal } = invocation.io;
  while (Date.now() < endsAt) {
    const { state, pauseMs } = await look(invocation, (endsAt - Date.now()) / 1_000);
    if (isQuiet(state)) return state;
    await sleep(Math.min(pauseMs, Math.max(0, endsAt - Date.now())), undefined, signal ? { signal } : {});
  }
  const state = await lastLook(invocation);
  if (isQuiet(state)) return state;
  if (state) onTimeout(state);
  const running = state ? runningSentence(state) : '';
  throw new CommandError(exitCodes.unavailable, `Not quiet after ${timeout} s; maintenance stays on.${running}`);
}
