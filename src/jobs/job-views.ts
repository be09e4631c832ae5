import type { JobDocument } from './jobs.schema.js';

/** A job as lists show it: without log and outbox, with the server's time of reading. */
export type ListedJob = Omit<JobDocument, 'log' | 'logBytes' | 'outbox' | 'inputs' | 'outputs' | 'overdueTold' | 'staleTold'> & {
  readonly serverNow: Date;
};

/** A job with its unrelayed changes, but without its log. */
export type JobView = ListedJob & Pick<JobDocument, 'outbox'>;

/** A job as the original's clients see it. */
export type CompatListedJob = Pick<
  JobDocument,
  '_id' | 'status' | 'phase' | 'operation' | 'datasetName' | 'parameters' | 'log' | 'createdAt' | 'createdBy'
>;

/** Names with spaces between them. */
const listedFields =
  'version datasetName operation parameters extraParameters status phase percent priority rank notBefore dueAt duePausedMs tags ' +
  'attempt failures losses snoozes maxFailures maxLosses runBudgetSeconds lease cancelRequested checkpoint result closingCall endId ' +
  'compatRequeues error attempts retryOf traceId createdBy createdAt updatedAt startedAt finishedAt';

/** Projections that fetch just these. */
export const listedProjection = { ...Object.fromEntries(listedFields.split(' ').map((field) => [field, 1])), serverNow: '$$NOW' };
export const viewProjection = { ...listedProjection, outbox: 1 };
export const compatProjection = { status: 1, phase: 1, operation: 1, datasetName: 1, parameters: 1, log: 1, createdAt: 1, createdBy: 1 };
