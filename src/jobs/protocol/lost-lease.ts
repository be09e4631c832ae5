import type { JobView } from '../job-views.js';
import type { AttemptOutcome, JobAttempt } from '../jobs.schema.js';
import { leaseMarkOf } from './lease-token.js';
import { LeaseLostError } from './protocol.errors.js';

const stories: Record<AttemptOutcome, string> = {
  completed: 'has completed',
  failed: 'has failed',
  lost: 'was given up, because its lease ended without a sign of life',
  snoozed: 'was put off by its worker',
  released: 'was given back',
  cancelled: 'was cancelled',
};

/** Says what became of the attempt that a token belonged to. */
export function leaseLost(job: JobView, token: string): LeaseLostError {
  const mark = leaseMarkOf(token);
  const own = job.attempts.find(({ leaseMark }) => leaseMark === mark);
  const current = { status: job.status, version: job.version };
  if (!own) {
    return new LeaseLostError('This token belongs to none of the last attempts of the job.', { current, attempt: null });
  }
  const attempt = { attempt: own.attempt, outcome: own.outcome, endedAt: own.endedAt?.toISOString() ?? null };
  return new LeaseLostError(`${storyOf(own)} The job is ${nowOf(job)}.`, { current, attempt });
}

function storyOf({ attempt, outcome, endedAt }: JobAttempt): string {
  if (!outcome || !endedAt) return `Attempt ${attempt} is not held under this token any more.`;
  return `Attempt ${attempt} ${stories[outcome]} at ${endedAt.toISOString()}.`;
}

const nowOf = ({ status, lease }: JobView): string => (lease ? `running on ${lease.workerId}` : status);
