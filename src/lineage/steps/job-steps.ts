import type { StoredEvent } from '../../events/index.js';
import type { NodeNames } from '../node-names.js';
import { fileNode, jobNode, traceNode } from '../nodes.js';
import type { JobDatasetData, JobEventData, JobRunData } from './event-data.js';
import { type StepOutcome, type StepReport, touched } from './step.js';

/** Operations that read the importable file of their dataset. */
const readingOperations = ['ADD', 'CHANGE', 'PATCH_METADATA'];

/** How an attempt's outcome looks in the graph: what neither succeeded nor failed was broken off. */
const outcomes: Record<NonNullable<JobRunData['outcome']>, StepOutcome> = {
  completed: 'completed',
  failed: 'failed',
  lost: 'aborted',
  snoozed: 'aborted',
  released: 'aborted',
  cancelled: 'aborted',
};

/** The job that an event is about. */
export const jobIdOf = ({ subject }: Pick<StoredEvent, 'subject'>): string => subject.slice('jobs/'.length);

/** What a job's attempt reads by its operation, a BUMP the datasets that it released, and what its worker says that it read. */
export function jobInputs({ operation, datasetName, inputs = [], released }: JobEventData, names: NodeNames): string[] {
  const importable = readingOperations.includes(operation) ? [fileNode(`input/${datasetName}.tar`)] : [];
  const datasets = (released?.datasets ?? []).map((name) => nodeOf({ namespace: names.namespace, name }, names));
  return [...importable, ...datasets, ...inputs.map((input) => nodeOf(input, names))];
}

/** What a job's attempt writes: what its worker says, and the dataset of the job, a datastore in its new version, else in none unless its worker states one. */
export function jobOutputs({ datasetName, outputs = [], released }: JobEventData, names: NodeNames): string[] {
  const stated = outputs.map((output) => nodeOf(output, names));
  const own = names.nodeAt({ namespace: names.namespace, name: datasetName, version: released?.version ?? null });
  return stated.some((node) => node === own || node.startsWith(`${own}@`)) ? stated : [own, ...stated];
}

const nodeOf = ({ namespace, name, version }: JobDatasetData, names: NodeNames): string =>
  names.nodeAt({ namespace, name, version: version ?? null });

/** Progress and phases tell the graph nothing that the beginning of the attempt has not told. */
const tellsOfStep = ({ at }: StoredEvent, { startedAt, outcome }: JobRunData): boolean =>
  outcome !== null || startedAt === at.toISOString();

/**
 * What an event of a job tells of a step: each attempt is one. Null for events that neither begin nor end one. A dataset counts as written once the job has
 * completed; before that, an attempt is only known to read.
 */
export function jobStep(event: StoredEvent, names: NodeNames): StepReport | null {
  const data = event.data as unknown as JobEventData;
  const { run, operation, datasetName } = data;
  if (!run || !tellsOfStep(event, run)) return null;
  const completed = run.outcome === 'completed';
  return {
    runId: run.runId,
    source: 'job',
    parents: [jobNode(jobIdOf(event)), ...(data.traceId ? [traceNode(data.traceId)] : [])],
    name: `${operation} ${datasetName}`,
    link: data.link,
    ...touched(jobInputs(data, names), completed ? jobOutputs(data, names) : []),
    startedAt: new Date(run.startedAt),
    end: run.endedAt !== null && run.outcome !== null ? { at: new Date(run.endedAt), outcome: outcomes[run.outcome] } : null,
  };
}
