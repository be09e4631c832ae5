import type { components } from '../../client/index.js';
import { paintedStatus, type Paint } from '../output/paint.js';
import type { Column } from '../output/column.js';
import { ago, shown, visible } from '../output/text.js';

export type Job = components['schemas']['JobDto'];

type Item = Readonly<Record<string, unknown>>;

function stateOf(item: Item, paint: Paint): string {
  const { status, phase, percent, stale, overdue } = item as unknown as Job;
  const progress = [phase, percent === null || status === 'completed' ? null : `${percent} %`].filter((each) => each !== null).join(' ');
  const warnings = [stale ? 'stale' : '', overdue ? 'overdue' : ''].filter(Boolean).join(', ');
  return [paintedStatus(status, paint), progress, warnings && paint.yellow(warnings)].filter(Boolean).join(' ');
}

/** The columns of lists of jobs. */
export const jobColumns: readonly Column[] = [
  { title: 'JOB', path: 'jobId' },
  { title: 'DATASET', path: 'datasetName' },
  { title: 'OPERATION', path: 'operation' },
  { title: 'STATE', path: 'status', show: stateOf },
  { title: 'WORKER', path: 'lease.workerId' },
  { title: 'CREATED', path: 'createdAt', show: ({ createdAt }) => ago(createdAt) },
];

const heading = (job: Job, paint: Paint): string =>
  `${paint.bold(visible(job.datasetName))} ${visible(job.operation)}  ${stateOf(job, paint)}`;

const pair = (name: string, value: unknown, { dim }: Paint): string[] =>
  value === null || value === undefined || value === '' ? [] : [`${dim(name.padEnd(10))} ${shown(value)}`];

/** One job for people: what tells something, the rest is in `--json`. */
export function jobLines(job: Job & { readonly expectedEndAt?: string | null }, paint: Paint): string[] {
  const { lease, cancelRequested: cancel, error } = job;
  return [
    heading(job, paint),
    ...pair('job', job.jobId, paint),
    ...pair('worker', lease && `${lease.workerId}, lease until ${lease.expiresAt}`, paint),
    ...pair(
      'attempt',
      job.attempt > 0 ? `${job.attempt} (failures ${job.failures} of ${job.maxFailures}, losses ${job.losses} of ${job.maxLosses})` : null,
      paint,
    ),
    ...pair('parameters', Object.keys(job.parameters).length > 0 ? job.parameters : null, paint),
    ...pair('priority', job.priority === 'normal' ? null : job.priority, paint),
    ...pair('not before', job.notBefore, paint),
    ...pair('due', job.dueAt, paint),
    ...pair('ends about', job.expectedEndAt, paint),
    ...pair('tags', job.tags.length > 0 ? job.tags : null, paint),
    ...pair('cancel', cancel && `asked by ${cancel.by} ${ago(cancel.at)}: ${cancel.reason}`, paint),
    ...pair('error', error && `${error.code}: ${error.message}`, paint),
    ...pair('retry of', job.retryOf, paint),
    ...pair('created', `${job.createdAt} by ${job.createdBy.name}`, paint),
    ...pair('started', job.startedAt, paint),
    ...pair('finished', job.finishedAt, paint),
  ];
}
