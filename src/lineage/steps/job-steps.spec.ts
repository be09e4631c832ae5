import { describe, expect, it } from '@jest/globals';
import type { StoredEvent } from '../../events/index.js';
import { NodeNames } from '../node-names.js';
import type { JobEventData, JobRunData } from './event-data.js';
import { jobStep } from './job-steps.js';

const startedAt = '2026-11-22T10:00:00.000Z';
const endedAt = '2026-11-22T10:05:00.000Z';
const run: JobRunData = { attempt: 1, runId: 'r', workerId: 'w', startedAt, endedAt, outcome: 'completed' };
const usual: JobEventData = { datasetName: 'ROAD', operation: 'ADD', link: '/api/v1/jobs/j', traceId: 't', run };

const stepOf = (more: Partial<JobEventData> = {}, at = endedAt) =>
  jobStep({ at: new Date(at), subject: 'jobs/j', data: { ...usual, ...more } } as unknown as StoredEvent, new NodeNames('signalbox'));

describe('jobStep', () => {
  it('is an attempt that read the importable file and wrote the dataset', () => {
    expect(stepOf()).toMatchObject({
      runId: 'r',
      parents: ['job:j', 'trace:t'],
      name: 'ADD ROAD',
      inputs: ['file:input/ROAD.tar'],
      outputs: ['dataset:ROAD'],
      end: { at: new Date(endedAt), outcome: 'completed' },
    });
  });

  it('takes the version that the worker states of the dataset, and what else it says', () => {
    const outputs = [
      { namespace: 'signalbox', name: 'ROAD', version: '2.1' },
      { namespace: 'store', name: 'copy' },
    ];
    expect(stepOf({ outputs })!.outputs).toEqual(['dataset:ROAD@2.1', 'dataset:store#copy']);
    expect(stepOf({ outputs: outputs.slice(1), inputs: [{ namespace: 'signalbox/files', name: 'a.csv' }] })).toMatchObject({
      inputs: ['file:input/ROAD.tar', 'file:a.csv'],
      outputs: ['dataset:ROAD', 'dataset:store#copy'],
    });
  });

  it('has released datasets with the datastore', () => {
    const released = { version: '4.0.0', datasets: ['A', 'B'] };
    expect(stepOf({ operation: 'BUMP', datasetName: 'DATASTORE', released })).toMatchObject({
      inputs: ['dataset:A', 'dataset:B'],
      outputs: ['dataset:DATASTORE@4.0.0'],
    });
  });

  it('has written nothing before it completed', () => {
    expect(stepOf({ run: { ...run, endedAt: null, outcome: null } }, startedAt)).toMatchObject({ outputs: [], end: null });
    for (const outcome of ['lost', 'snoozed', 'released', 'cancelled'] as const)
      expect(stepOf({ run: { ...run, outcome } })).toMatchObject({ outputs: [], end: { outcome: 'aborted' } });
    expect(stepOf({ run: { ...run, outcome: 'failed' } })).toMatchObject({ outputs: [], end: { outcome: 'failed' } });
  });

  it('is nothing for changes that neither begin nor end an attempt', () => {
    expect(stepOf({ run: null })).toBeNull();
    expect(stepOf({ run: { ...run, endedAt: null, outcome: null } }, '2026-11-22T10:01:00.000Z')).toBeNull();
  });
});
