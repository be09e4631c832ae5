import { AppError, defineError } from '../../common/errors/app-error.js';

const leaseLost = defineError({
  code: 'JOBS.LEASE_LOST',
  kind: 'conflict',
  title: 'Lease is lost',
  cause:
    'The job does not run under this lease token any more: the attempt has ended, was taken back after its lease ended, or belongs to somebody else. `attempt` says what became of the attempt that the token belonged to.',
  cure: 'Stop working on the job and write nothing; claim again.',
});

/** What became of the attempt that a token belonged to. */
export interface LostAttempt {
  readonly attempt: number;
  readonly outcome: string | null;
  readonly endedAt: string | null;
}

/** Thrown when a worker does not hold the job that it speaks of. */
export class LeaseLostError extends AppError {
  constructor(sentence: string, details: { current: { status: string; version: number }; attempt: LostAttempt | null }) {
    super(leaseLost, sentence, { details });
  }
}

const notRunning = defineError({
  code: 'JOBS.NOT_RUNNING',
  kind: 'conflict',
  title: 'Job is not running',
  cause: 'Only a running job can be released or failed by an operator.',
  cure: 'Look at the job. A queued job can be cancelled, a finished one retried.',
});

/** Thrown when an operator wants to release or fail a job that does not run. */
export class JobNotRunningError extends AppError {
  constructor(current: { status: string; version: number }) {
    super(notRunning, `The job is ${current.status}, not running.`, { details: { current } });
  }
}
