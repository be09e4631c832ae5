import type { ChangeEntry } from '../database/change.js';
import type { OutboxSource } from '../events/index.js';
import type { JobDocument } from './jobs.schema.js';

/** How changes of jobs become events; the same for both collections. @see API.md 6 */
export const jobOutbox = {
  topic: 'job',
  fields: ['datasetName', 'operation', 'phase', 'error'],
  subjectOf: (job: JobDocument) => `jobs/${job._id}`,
  datasetOf: (job: JobDocument) => job.datasetName,
  dataOf: (job: JobDocument, entry: ChangeEntry) => ({
    status: entry.to,
    phase: phaseAfter(job, entry),
    datasetName: job.datasetName,
    operation: job.operation,
    errorCode: entry.to === 'failed' ? (job.error?.code ?? null) : null,
    link: `/api/v1/jobs/${job._id}`,
  }),
} satisfies Omit<OutboxSource<JobDocument>, 'model'>;

/** The phase that the change left: what it recorded, else the present one while the job still runs. */
function phaseAfter(job: JobDocument, entry: ChangeEntry): unknown {
  if (entry.to !== 'running') return null;
  return entry.changes['phase'] ? entry.changes['phase'][1] : job.phase;
}
