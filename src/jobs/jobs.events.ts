import type { ChangeEntry } from '../database/change.js';
import type { OutboxSource } from '../events/index.js';
import { attemptAt, runIdOf } from './job-run.js';
import { manifestoOutcomes } from './jobs-lifecycle.js';
import type { JobDocument } from './jobs.schema.js';

/** How changes of jobs become events; the same for both collections. @see API.md 6 */
export const jobOutbox = {
  topic: 'job',
  fields: ['datasetName', 'operation', 'phase', 'error', 'traceId', 'attempts', 'result', 'inputs', 'outputs', 'parameters'],
  subjectOf: (job: JobDocument) => `jobs/${job._id}`,
  datasetOf: (job: JobDocument) => job.datasetName,
  dataOf: (job: JobDocument, entry: ChangeEntry) => ({
    status: entry.to,
    phase: phaseAfter(job, entry),
    datasetName: job.datasetName,
    operation: job.operation,
    errorCode: entry.to === 'failed' ? (job.error?.code ?? null) : null,
    link: `/api/v1/jobs/${job._id}`,
    traceId: job.traceId ?? null,
    run: runAt(job, entry),
    ...(entry.to === 'completed' ? { ...touchedBy(job), ...releasedBy(job) } : {}),
  }),
} satisfies Omit<OutboxSource<JobDocument>, 'model'>;

/** The phase that the change left: what it recorded, else the present one while the job still runs. */
function phaseAfter(job: JobDocument, entry: ChangeEntry): unknown {
  if (entry.to !== 'running') return null;
  return entry.changes['phase'] ? entry.changes['phase'][1] : job.phase;
}

/** The attempt that the change belongs to; null where it belongs to none. */
function runAt(job: JobDocument, { at }: ChangeEntry): object | null {
  const attempt = attemptAt(job.attempts, at);
  if (!attempt) return null;
  const { workerId, startedAt, endedAt, outcome } = attempt;
  const ended = endedAt?.getTime() === at.getTime();
  return {
    attempt: attempt.attempt,
    runId: runIdOf(job._id, attempt.attempt),
    workerId,
    startedAt: startedAt.toISOString(),
    endedAt: ended ? at.toISOString() : null,
    outcome: ended ? outcome : null,
  };
}

/** What a completed job says that it read and wrote, and what it counted. */
function touchedBy({ inputs, outputs, result }: JobDocument): object {
  const counted = (result ? JSON.parse(result) : {}) as Record<string, unknown>;
  const counts = Object.fromEntries(countNames.map((name) => [name, Number.isSafeInteger(counted[name]) ? counted[name] : null]));
  const listOf = (json: string | null): unknown => (json ? JSON.parse(json) : []);
  return { inputs: listOf(inputs), outputs: listOf(outputs), counts };
}

/** What a completed BUMP has published; nothing for other operations. */
function releasedBy({ operation, parameters }: JobDocument): object {
  if (operation !== 'BUMP') return {};
  const names = manifestoOutcomes(operation, parameters).map(({ name }) => name);
  return { released: { version: parameters.bumpToVersion ?? null, datasets: names.slice(0, maxReleased) } };
}

/** Datasets that an event names. */
const maxReleased = 1_000;

/** Names in a job's result that are known to count what it wrote. */
const countNames = ['rows', 'bytes', 'files'] as const;
