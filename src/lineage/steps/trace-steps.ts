import type { StoredEvent } from '../../events/index.js';
import { dateIn, endedAtOf, endsTrace, isFailure } from '../../traces/index.js';
import { datasetNode, fileNode, traceNode } from '../nodes.js';
import type { TraceEventData } from './event-data.js';
import { type StepEnd, type StepReport, touched } from './step.js';

/** Files that a step of a trace took in. */
export const traceInputs = ({ filesIn }: TraceEventData): string[] => filesIn.map(fileNode);

/** The dataset that a step is about, in the version that is stated. */
export const datasetOf = ({ datasetName, datasetVersion }: TraceEventData): string =>
  datasetNode({ namespace: null, name: datasetName, version: datasetVersion });

/**
 * What a step of a trace put out: its files, an uploaded file, and with them the dataset that they are part of. A step that ends a trace well has made
 * the dataset, whether it names files or not; one that failed has not.
 */
export function traceOutputs(data: TraceEventData): string[] {
  const { filesIn, filesOut, s3Path = null } = data;
  const uploaded = s3Path !== null && !filesIn.includes(s3Path) ? [s3Path] : [];
  const files = [...new Set([...filesOut, ...uploaded])];
  const makesDataset = (files.length > 0 || endsTrace(data)) && !isFailure(data);
  return [...(makesDataset ? [datasetOf(data)] : []), ...files.map(fileNode)];
}

/** How a step ended; null while it only says that it began. Where it states no time, the time at which it was told counts. */
export function endOf(data: TraceEventData, toldAt: Date): StepEnd | null {
  const stated = { startedAt: dateIn(data.startTime), endedAt: dateIn(data.endTime) };
  const at = endsTrace(data) || isFailure(data) ? (endedAtOf(stated) ?? toldAt) : stated.endedAt;
  return at ? { at, outcome: isFailure(data) ? 'failed' : 'completed' } : null;
}

const nothing = 'N/A';

/** What ran in a step. */
export const nameOf = ({ component, operation }: TraceEventData): string =>
  operation === null || operation === nothing ? component : `${component}.${operation}`;

/** What an event of a trace tells of a step: each such event is a step of its own. */
export function traceStep(event: StoredEvent): StepReport {
  const data = event.data as unknown as TraceEventData;
  return {
    runId: data.traceEventId.toLowerCase(),
    source: 'trace',
    parents: [traceNode(data.traceId)],
    name: nameOf(data),
    link: data.link,
    ...touched(traceInputs(data), traceOutputs(data)),
    startedAt: dateIn(data.startTime),
    end: endOf(data, event.at),
  };
}
