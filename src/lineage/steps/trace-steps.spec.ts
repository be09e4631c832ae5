import { describe, expect, it } from '@jest/globals';
import type { StoredEvent } from '../../events/index.js';
import type { TraceEventData } from './event-data.js';
import { traceStep } from './trace-steps.js';

const usual: TraceEventData = {
  ...{ traceId: 't', traceEventId: '6F3C9A52-3f0e-4c0b-9d3c-0a6f5d8a7b21', component: 'copier', operation: 'copy' },
  ...{ startTime: '2026-11-22T11:15:15.025134+00:00', endTime: '2026-11-22T11:15:16.5+01:00' },
  ...{ traceStatus: 'CONTINUE', traceEventStatus: 'OK', filesIn: ['a', 'a'], filesOut: ['b'], s3Path: null, failureMessage: null },
  ...{ datasetName: 'ds', datasetVersion: '1', link: '/api/v1/traces/t' },
};

const toldAt = new Date('2026-11-22T12:00:00Z');
const stepOf = (more: Partial<TraceEventData> = {}) => traceStep({ at: toldAt, data: { ...usual, ...more } } as unknown as StoredEvent);

describe('traceStep', () => {
  it('is what one event of a trace tells', () => {
    expect(stepOf()).toEqual({
      runId: '6f3c9a52-3f0e-4c0b-9d3c-0a6f5d8a7b21',
      source: 'trace',
      parents: ['trace:t'],
      name: 'copier.copy',
      link: '/api/v1/traces/t',
      inputs: ['file:a'],
      outputs: ['dataset:ds@1', 'file:b'],
      cut: false,
      startedAt: new Date('2026-11-22T11:15:15.025Z'),
      end: { at: new Date('2026-11-22T10:15:16.500Z'), outcome: 'completed' },
    });
  });

  it('has made the dataset with a file, or by ending the trace well', () => {
    expect(stepOf({ filesOut: [] }).outputs).toEqual([]);
    expect(stepOf({ filesOut: [], traceStatus: 'FINISHED' }).outputs).toEqual(['dataset:ds@1']);
    expect(stepOf({ filesOut: [], traceStatus: 'FINISHED', traceEventStatus: 'FAILED' }).outputs).toEqual([]);
    expect(stepOf({ traceEventStatus: 'FAILED' })).toMatchObject({ outputs: ['file:b'], end: { outcome: 'failed' } });
    expect(stepOf({ datasetVersion: null }).outputs).toEqual(['dataset:ds', 'file:b']);
  });

  it('has written the file that was uploaded, unless it took it in', () => {
    expect(stepOf({ filesOut: [], s3Path: 'u' }).outputs).toEqual(['dataset:ds@1', 'file:u']);
    expect(stepOf({ filesOut: [], s3Path: 'a' }).outputs).toEqual([]);
  });

  it('runs while no end is known', () => {
    for (const endTime of ['N/A', '', 'soon']) expect(stepOf({ endTime }).end).toBeNull();
    expect(stepOf({ endTime: 'N/A', traceStatus: 'FINISHED' }).end?.at).toEqual(new Date('2026-11-22T11:15:15.025Z'));
    expect(stepOf({ startTime: 'N/A', endTime: 'N/A', traceStatus: 'FINISHED' })).toMatchObject({
      startedAt: null,
      end: { at: toldAt },
    });
  });

  it('takes a time without a zone for UTC', () => {
    expect(stepOf({ startTime: '2026-11-22 11:15:15' }).startedAt).toEqual(new Date('2026-11-22T11:15:15Z'));
  });

  it('leaves out what is too long for the graph, and says so', () => {
    const step = stepOf({ filesOut: ['b', 'x'.repeat(2_000)] });
    expect(step).toMatchObject({ outputs: ['dataset:ds@1', 'file:b'], cut: true });
  });
});
