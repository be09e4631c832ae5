import { stateClause } from './explanation/job-explanation.js';
import type { JobHolder } from './jobs.errors.js';
import type { JobDocument } from './jobs.schema.js';

type Holder = Pick<JobDocument, '_id' | 'datasetName' | 'operation' | 'status' | 'phase' | 'percent' | 'lease' | 'createdAt'>;

/** The holder of a dataset as a conflict names it. @param expectedEndAt when it will probably end; null where nobody can tell */
export function holderOf(job: Holder, expectedEndAt: Date | null): JobHolder {
  return {
    jobId: job._id,
    operation: job.operation,
    status: job.status,
    phase: job.phase,
    percent: job.percent,
    workerId: job.lease?.workerId ?? null,
    leaseExpiresAt: job.lease?.expiresAt.toISOString() ?? null,
    expectedEndAt: expectedEndAt?.toISOString() ?? null,
    createdAt: job.createdAt.toISOString(),
  };
}

/** Says in one sentence what keeps a dataset busy, in the words of the job's explanation. */
export const holderSentence = (job: Holder): string =>
  `${job.datasetName} has an active job: ${job.operation} ${job._id} ${stateClause(job)}.`;
