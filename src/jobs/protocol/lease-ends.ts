import type { JobEnd } from '../job-changes.js';
import type { JobDocument, JobError } from '../jobs.schema.js';

const noMore = { error: null, lines: [], reason: null } as const;

/** What a worker that completes a job leaves behind: JSON texts, null where it sent nothing. */
export interface Completion {
  readonly result: string | null;
  readonly inputs: string | null;
  readonly outputs: string | null;
  readonly closingCall: string;
}

/** The worker is done. It does not matter whether somebody asked for the job's cancellation meanwhile. */
export const completedEnd = (kept: Completion): JobEnd => ({ ...noMore, status: 'completed', attemptOutcome: 'completed', kept });

/** The job ends as somebody asked for, whatever its worker wanted. */
export function cancelledAsAsked(job: JobDocument, kept: JobEnd['kept'] = {}): JobEnd {
  const reason = job.cancelRequested?.reason ?? null;
  return { status: 'cancelled', attemptOutcome: 'cancelled', error: null, lines: [`Cancelled: ${reason}`], reason, kept };
}

/** A failure after which there is no further attempt. */
export function failedEnd(job: JobDocument, error: JobError, closingCall: string | null): JobEnd {
  const kept = { failures: job.failures + 1, ...(closingCall !== null && { closingCall }) };
  if (job.cancelRequested) return cancelledAsAsked(job, kept);
  const lines = [`Failed with ${error.code}: ${error.message}`];
  return { status: 'failed', attemptOutcome: 'failed', error, lines, reason: error.message, kept };
}

/** An operator's word that the job failed. */
export function failedByOperator(job: JobDocument, reason: string): JobEnd {
  if (job.cancelRequested) return cancelledAsAsked(job);
  const error = { code: 'FAILED_BY_OPERATOR', message: reason, details: null };
  return { status: 'failed', attemptOutcome: 'failed', error, lines: [`Failed by an operator: ${reason}`], reason };
}

/** A lease that ended once more than allowed. */
export function lostTooOften(job: JobDocument): JobEnd {
  const losses = job.losses + (job.lease?.excused ? 0 : 1);
  if (job.cancelRequested) return cancelledAsAsked(job, { losses });
  const message = `Its lease ended without a sign of life ${losses} times; ${job.maxLosses} are allowed.`;
  const error = { code: 'LOST_TOO_OFTEN', message, details: null };
  return { status: 'failed', attemptOutcome: 'lost', error, lines: [message], reason: message, kept: { losses } };
}

/** A run that took longer than its budget. */
export const budgetExceeded = (job: Pick<JobDocument, 'runBudgetSeconds'>): JobError => ({
  code: 'RUN_BUDGET_EXCEEDED',
  message: `The run took longer than its ${job.runBudgetSeconds} seconds.`,
  details: null,
});
