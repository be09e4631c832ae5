import type { components } from '../../client/index.js';
import { paintedStatus, type Paint } from '../output/paint.js';
import type { Column } from '../output/column.js';
import { ago, shown, visible } from '../output/text.js';

export type Trace = components['schemas']['TraceDto'];
type LinkedTrace = components['schemas']['TraceWithLinksDto'];
type Item = Readonly<Record<string, unknown>>;

function stateOf(item: Item, paint: Paint): string {
  const { state, contradictoryEnd } = item as unknown as Trace;
  return [paintedStatus(state, paint), contradictoryEnd ? paint.yellow('contradicted') : ''].filter(Boolean).join(' ');
}

const failedStepText = ({ failedStep }: Trace): string | null =>
  failedStep && [failedStep.component, failedStep.operation, failedStep.message].filter((each) => each !== null).join(': ');

/** The columns of lists of traces. */
export const traceColumns: readonly Column[] = [
  { title: 'TRACE', path: 'traceId' },
  { title: 'STATE', path: 'state', show: stateOf },
  { title: 'STARTED', path: 'startedAt', show: ({ startedAt }) => ago(startedAt) },
  { title: 'TOOK', path: 'durationMs', show: ({ durationMs }) => (typeof durationMs === 'number' ? `${durationMs / 1_000} s` : '-') },
  { title: 'FAILED STEP', path: 'failedStep', show: (item) => shown(failedStepText(item as unknown as Trace)) },
];

/** The columns of the events of a trace. */
export const traceEventColumns: readonly Column[] = [
  { title: 'START', path: 'startTime' },
  { title: 'COMPONENT', path: 'component' },
  { title: 'OPERATION', path: 'operation' },
  { title: 'TRACE', path: 'traceStatus' },
  { title: 'EVENT', path: 'traceEventStatus', show: ({ traceEventStatus }, paint) => paintedStatus(shown(traceEventStatus), paint) },
  { title: 'EDITION', path: 'edition' },
];

/** How far a trace is, in one line. */
export const traceLine = (trace: Trace): string =>
  visible(
    `${trace.traceId}  ${trace.state}  ${trace.components.names.join(', ')}${trace.failedStep ? `  failed: ${failedStepText(trace)}` : ''}`,
  );

const pair = (name: string, value: unknown, { dim }: Paint): string[] =>
  value === null || value === undefined || value === '' ? [] : [`${dim(name.padEnd(10))} ${shown(value)}`];

const listText = ({ names, cut }: Trace['components']): string | null =>
  names.length === 0 ? null : `${names.join(', ')}${cut ? ' and more' : ''}`;

/** One trace for people: what tells something, the rest is in `--json`. */
export function traceLines(trace: Trace & Partial<Pick<LinkedTrace, 'eventCount' | 'jobs'>>, paint: Paint): string[] {
  const { files, jobs = [] } = trace;
  return [
    `${paint.bold(visible(trace.traceId))}  ${stateOf(trace, paint)}`,
    ...pair('dataset', [trace.datasetName, trace.datasetVersion].filter((each) => each !== null).join(' version '), paint),
    ...pair('file', trace.s3Path, paint),
    ...pair('failed', failedStepText(trace), paint),
    ...pair('components', listText(trace.components), paint),
    ...pair('files in', listText(files.in), paint),
    ...pair('files out', listText(files.out), paint),
    ...pair('mismatch', files.mismatch ? `${files.sources.length} in at the start, ${files.results.length} out at the end` : null, paint),
    ...pair('events', trace.eventCount, paint),
    ...pair(
      'jobs',
      jobs.length > 0 ? jobs.map(({ jobId, operation, status }) => `${operation} ${status} ${jobId}`).join(', ') : null,
      paint,
    ),
    ...pair('created', `${trace.createdAt} by ${trace.createdBy.name}`, paint),
    ...pair('started', trace.startedAt, paint),
    ...pair('ended', trace.endedAt, paint),
  ];
}
