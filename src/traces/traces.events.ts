import type { OutboxSource } from '../events/index.js';
import { endsTrace, isFailure } from './summary/trace-fold.js';
import type { TraceEventDocument } from './traces.schema.js';

/** The type of an event that tells of a step. Creation is told apart from a step that claims to start. */
export function stepTypeOf(event: { readonly traceStatus: string; readonly traceEventStatus: string }): string {
  if (!endsTrace(event)) return 'trace.step';
  return isFailure(event) ? 'trace.failed' : 'trace.finished';
}

/** How trace events become events of the platform. @see API.md 6 */
export const traceOutbox = {
  topic: 'trace',
  fields: [
    'traceId',
    'traceEventId',
    'edition',
    'startTime',
    'traceStatus',
    'traceEventStatus',
    'endTime',
    'component',
    'operation',
    'filesIn',
    'filesOut',
    's3Path',
    'failureMessage',
    'datasetName',
    'datasetVersion',
  ],
  subjectOf: (event: TraceEventDocument) => `traces/${event.traceId}`,
  datasetOf: (event: TraceEventDocument) => event.datasetName,
  dataOf: (event: TraceEventDocument) => {
    const { traceId, traceEventId, edition, component, operation, traceStatus, traceEventStatus } = event;
    const { startTime, endTime, filesIn, filesOut, s3Path, failureMessage, datasetName, datasetVersion } = event;
    const step = { component, operation: operation || null, startTime, endTime, traceStatus, traceEventStatus };
    return {
      traceId,
      traceEventId,
      edition,
      ...step,
      filesIn,
      filesOut,
      s3Path,
      failureMessage,
      datasetName,
      datasetVersion,
      link: `/api/v1/traces/${encodeURIComponent(traceId)}`,
    };
  },
} satisfies Omit<OutboxSource<TraceEventDocument>, 'model'>;
