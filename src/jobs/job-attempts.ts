import { type Expression, expression, now, operand } from '../database/change.js';
import type { JobPhase } from './jobs-lifecycle.js';
import type { AttemptOutcome, JobDocument, JobError } from './jobs.schema.js';

const keptAttempts = 20;
const keptPhases = 30;

/** Who runs an attempt; nobody that we know of for a worker of the original. */
export interface AttemptStart {
  readonly workerId: string | null;
  readonly leaseMark: string | null;
}

/** The attempts with a new one at the end, the newest 20. */
export function attemptsWithStart({ workerId, leaseMark }: AttemptStart, phase: JobPhase | null = null): object {
  const started = {
    attempt: { $add: ['$attempt', 1] },
    workerId: operand(workerId),
    startedAt: now,
    endedAt: operand(null),
    outcome: operand(null),
    error: operand(null),
    phases: phase === null ? operand([]) : [{ phase: operand(phase), at: now }],
    leaseMark: operand(leaseMark),
  };
  return { $slice: [{ $concatArrays: ['$attempts', [started]] }, -keptAttempts] };
}

/** The attempts with these fields of the present one replaced; `$$each` is the present one. */
const presentAttemptWith = (fields: object): object => ({
  $map: {
    input: '$attempts',
    as: 'each',
    in: { $cond: [{ $eq: ['$$each.attempt', '$attempt'] }, { $mergeObjects: ['$$each', fields] }, '$$each'] },
  },
});

/** The attempts with the running one ended. */
export const attemptsWithEnd = (outcome: AttemptOutcome, error: JobError | null = null): object =>
  presentAttemptWith({ endedAt: now, outcome: operand(outcome), error: operand(error) });

/** The attempts with a phase begun in the running one, unless it is in that phase already. */
export function attemptsWithPhase(phase: JobPhase | null): object {
  const begun = { $slice: [{ $concatArrays: ['$$each.phases', [{ phase: operand(phase), at: now }]] }, keptPhases] };
  return {
    $cond: [{ $eq: ['$phase', operand(phase)] }, '$attempts', phase === null ? '$attempts' : presentAttemptWith({ phases: begun })],
  };
}

/** The attempts of a job that is taken out and ends. */
export function attemptsAtEnd(job: JobDocument, outcome: AttemptOutcome, error: JobError | null): Expression {
  const ended = { endedAt: '$$NOW', outcome: operand(outcome), error: operand(error) };
  const attempts = job.attempts.map((attempt) =>
    attempt.attempt === job.attempt && attempt.endedAt === null ? { $mergeObjects: [operand(attempt), ended] } : operand(attempt),
  );
  return expression(attempts);
}
