import type { StoredEvent } from '../../events/index.js';
import type { NodeNames } from '../node-names.js';
import type { RunEventType } from '../openlineage/openlineage.js';
import type { JobEventData, JobRunData } from '../steps/event-data.js';
import { jobIdOf, jobInputs, jobOutputs } from '../steps/job-steps.js';
import type { RunAddress, RunNews } from './run-events.js';

const endOfJob: Partial<Record<string, RunEventType>> = { completed: 'COMPLETE', failed: 'FAIL', cancelled: 'ABORT' };

/** A lost lease, and whatever else an attempt was broken off by, is no failure of it. */
const endOfAttempt: Record<NonNullable<JobRunData['outcome']>, RunEventType> = {
  completed: 'COMPLETE',
  failed: 'FAIL',
  lost: 'ABORT',
  snoozed: 'ABORT',
  released: 'ABORT',
  cancelled: 'ABORT',
};

/** What a change is to the attempt that it belongs to; null where it is nothing to tell, such as progress. */
function attemptEventType({ type, at }: StoredEvent, run: JobRunData): RunEventType | null {
  if (run.outcome !== null) return endOfAttempt[run.outcome];
  if (run.startedAt === at.toISOString()) return 'START';
  return type === 'job.phase' ? 'RUNNING' : null;
}

function attemptNews(event: StoredEvent, parent: RunAddress, names: NodeNames): RunNews[] {
  const data = event.data as unknown as JobEventData;
  const run = data.run;
  if (!run) return [];
  const eventType = attemptEventType(event, run);
  if (eventType === null) return [];
  return [
    {
      eventType,
      at: event.at,
      runId: run.runId,
      jobName: `${parent.jobName}.attempt`,
      jobType: 'ATTEMPT',
      parent,
      error: eventType === 'FAIL' || eventType === 'ABORT' ? event.reason : null,
      inputs: jobInputs(data, names),
      outputs: eventType === 'COMPLETE' ? jobOutputs(data, names) : [],
      ...(data.counts && { counts: data.counts }),
    },
  ];
}

/**
 * What a change of a job is in OpenLineage: the job is a run whose id is the job's, each attempt a run under it. An end of the attempt comes before the
 * end of the job.
 */
export function jobNews(event: StoredEvent, names: NodeNames): RunNews[] {
  const { operation, datasetName } = event.data as unknown as JobEventData;
  const job: RunAddress = { runId: jobIdOf(event), jobName: `${operation}.${datasetName}` };
  const ofJob = (eventType: RunEventType): RunNews => ({
    ...job,
    eventType,
    at: event.at,
    parent: null,
    jobType: 'JOB',
    error: eventType === 'FAIL' || eventType === 'ABORT' ? event.reason : null,
  });
  const end = event.from === event.to ? undefined : endOfJob[event.to];
  return [...(event.type === 'job.created' ? [ofJob('START')] : []), ...attemptNews(event, job, names), ...(end ? [ofJob(end)] : [])];
}
