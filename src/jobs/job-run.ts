import { v5 as uuidv5 } from 'uuid';
import type { JobAttempt } from './jobs.schema.js';

/** The id of one run of a job, the same wherever it is shown. */
export const runIdOf = (jobId: string, attempt: number): string => uuidv5(String(attempt), jobId);

/**
 * The attempt that a change at an instant belongs to: the one that it began or ended, else the one that ran then. Changes and attempts get their times from the same
 * clock in the same statement, so that this is exact also when the job has moved on since. Undefined where none ran, or where it is no longer kept.
 */
export function attemptAt(attempts: readonly JobAttempt[], at: Date): JobAttempt | undefined {
  const time = at.getTime();
  const ended = attempts.find(({ endedAt }) => endedAt?.getTime() === time);
  return (
    ended ?? attempts.findLast(({ startedAt, endedAt }) => startedAt.getTime() <= time && (endedAt === null || endedAt.getTime() > time))
  );
}
