/**
 * What we know of a worker of the native protocol.
 *
 * A worker is known by its first claim, and **alive** while it claims, waits for a job or beats. When an operator drains it, it is **draining**: what it runs
 * may end, and it is given nothing more, until the drain is lifted. When nothing was heard of it for a while it is **lost**, drained or not; the next word from
 * it makes it alive or draining again. Being lost takes nothing from it: its leases end by their own clock. An operator may have a worker **forgotten**: it is
 * shown nowhere, its drain is lifted, and its next claim makes it known again.
 */
export const workerStates = ['alive', 'draining', 'lost'] as const;
export type WorkerState = (typeof workerStates)[number];

/** As stored; a forgotten worker is shown nowhere. */
export type StoredWorkerState = WorkerState | 'forgotten';

/** The least silence after which a worker counts as lost; one with long leases beats less often and gets a whole lease. */
export const lostAfterSeconds = 120;

/** After so long without a word nothing is kept of a worker that is lost, or was forgotten. */
export const keptDays = { lost: 30, forgotten: 1 } as const;

/** Why a worker is given nothing more. */
export interface WorkerDrain {
  readonly at: Date;
  readonly by: string;
  readonly reason: string;
}
