import { setTimeout as sleep } from 'node:timers/promises';
import { ConflictError, InvalidRequestError, NoAnswerError, UnavailableError } from '../../client/index.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import type { Invocation } from '../invocation.js';
import type { Maintenance } from '../commands/maintenance-output.js';

const pollMs = 2_000;
/** How long one call waits; the service takes up to 300 s, proxies often less. */
const callSeconds = 25;
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

/**
 * Waits until the switch is quiet.
 * @throws CommandError with 5 when it is or goes off, 7 when `--timeout` is over, 130 on Ctrl-C; the switch stays as it is
 */
export async function waitForQuiet(invocation: Invocation): Promise<Maintenance> {
  const { timeout = Infinity } = invocation.flags;
  const endsAt = Date.now() + timeout * 1_000;
  const { signal } = invocation.io;
  while (Date.now() < endsAt) {
    const { state, pauseMs } = await look(invocation, (endsAt - Date.now()) / 1_000);
    if (state?.mode === 'quiet') return state;
    if (state?.mode === 'off')
      throw new CommandError(
        exitCodes.conflict,
        'Maintenance is off: nothing will become quiet. Turn it on with signalbox maintenance on --reason ...',
      );
    await sleep(Math.min(pauseMs, Math.max(0, endsAt - Date.now())), undefined, signal ? { signal } : {});
  }
  throw new CommandError(exitCodes.unavailable, `Not quiet after ${timeout} s; maintenance stays on.`);
}
