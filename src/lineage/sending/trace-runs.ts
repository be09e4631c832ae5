import { v5 as uuidv5 } from 'uuid';
import type { StoredEvent } from '../../events/index.js';
import { dateIn, endsTrace, isFailure } from '../../traces/index.js';
import type { TraceEventData } from '../steps/event-data.js';
import { datasetOf, endOf, nameOf, traceInputs, traceOutputs } from '../steps/trace-steps.js';
import type { RunAddress, RunNews } from './run-events.js';

/** Ids of traces are no UUIDs; in this namespace each has one. */
const traceRuns = '6f3c9a52-3f0e-4c0b-9d3c-0a6f5d8a7b21';

/** The run that a trace is. */
export const traceRunId = (traceId: string): string => uuidv5(traceId, traceRuns);

function stepNews(event: StoredEvent, trace: RunAddress): RunNews[] {
  const data = event.data as unknown as TraceEventData;
  const inputs = traceInputs(data);
  const step = { runId: data.traceEventId, jobName: `${trace.jobName}.${nameOf(data)}`, jobType: 'STEP', parent: trace, inputs } as const;
  const start: RunNews = { ...step, eventType: 'START', at: dateIn(data.startTime) ?? event.at };
  const end = endOf(data, event.at);
  if (!end) return [start];
  const outputs = traceOutputs(data);
  const files = outputs.filter((node) => node.startsWith('file:')).length;
  const counts = outputs[0] === datasetOf(data) && files > 0 ? { counts: { rows: null, bytes: null, files } } : {};
  return [start, { ...step, ...endNews(data), at: end.at, outputs, ...counts }];
}

const endNews = (data: TraceEventData): Pick<RunNews, 'eventType' | 'error'> =>
  isFailure(data) ? { eventType: 'FAIL', error: data.failureMessage ?? null } : { eventType: 'COMPLETE' };

/**
 * What an event of a trace is in OpenLineage: the trace is a run, each of its events a run under it. Every event that ends a trace is told as an end of its
 * run, also a second one: which of them counts is decided by their times, and receivers know these too.
 */
export function traceNews(event: StoredEvent): RunNews[] {
  const data = event.data as unknown as TraceEventData;
  const trace: RunAddress = { runId: traceRunId(data.traceId), jobName: `pipeline.${data.datasetName}` };
  const ofTrace = { ...trace, parent: null, jobType: 'PIPELINE' } as const;
  const begins = event.type === 'trace.started';
  return [
    ...(begins ? [{ ...ofTrace, eventType: 'START' as const, at: dateIn(data.startTime) ?? event.at }] : []),
    ...stepNews(event, trace),
    ...(endsTrace(data) && !begins ? [{ ...ofTrace, ...endNews(data), at: endOf(data, event.at)?.at ?? event.at }] : []),
  ];
}
