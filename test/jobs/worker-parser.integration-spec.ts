import { describe, expect, it } from '@jest/globals';
import { bump, manifesto } from '../support/compat-client.js';
import { parseJobList, parseMaintenance } from '../support/strict-job-parser.js';

const creator = { userId: 'u-17', firstName: 'Kari', lastName: 'Lie' };
const job = {
  jobId: '7b0c6a52-6f0e-4d8e-9f5f-0d5f1a9d3c11',
  status: 'queued',
  parameters: { operation: 'ADD', target: 'ROAD_TRAFFIC' },
  log: [{ at: '2025-06-11T08:15:30.120000', message: 'Set status: queued' }],
  createdAt: '2025-06-11T08:15:30.120045',
  createdBy: creator,
};
const listOf = (change: object) => JSON.stringify([job, { ...job, ...change }]);
const bumpJob = (more: object) => ({ parameters: bump({ ROAD_TRAFFIC: 'DRAFT' }, more) });

describe('the strict parser of the tests (contract 12.3)', () => {
  it.each([
    ['a plain job', {}],
    ['an extra key at the top', { lease: null }],
    ['an extra key in parameters', { parameters: { ...job.parameters, revision: 7 } }],
    ['a null description', { parameters: { ...job.parameters, description: null } }],
    ['a null log', { log: null }],
    ['a log time with Z', { log: [{ at: '2025-06-11T08:15:30Z', message: '' }] }],
    ['a log time in epoch milliseconds', { log: [{ at: 1_749_629_730_120, message: '' }] }],
    ['a BUMP', bumpJob({})],
    ['a null updateType', bumpJob({ bumpManifesto: manifesto({}, { updateType: null }) })],
  ])('accepts %s', (_what, change) => {
    expect(parseJobList(listOf(change))).toHaveLength(2);
  });

  it.each([
    ['a numeric jobId', { jobId: 17 }],
    ['an unknown status', { status: 'running' }],
    ['an unknown operation', { parameters: { operation: 'REINDEX', target: 'A' } }],
    ['no createdAt', { createdAt: undefined }],
    ['no createdBy', { createdBy: undefined }],
    ['an extra key in createdBy', { createdBy: { ...creator, role: 'x' } }],
    ['a creator without last name', { createdBy: { userId: 'u', firstName: 'K' } }],
    ['an extra key in a log entry', { log: [{ at: job.createdAt, message: '', level: 'info' }] }],
    ['a BUMP without description', bumpJob({ description: undefined })],
    ['a BUMP without bumpFromVersion', bumpJob({ bumpFromVersion: undefined })],
    ['a BUMP without bumpToVersion', bumpJob({ bumpToVersion: undefined })],
    ['a BUMP without manifesto', bumpJob({ bumpManifesto: undefined })],
    ['a BUMP of another target', bumpJob({ target: 'A' })],
    ['a manifesto without updateType', bumpJob({ bumpManifesto: manifesto({}, { updateType: undefined }) })],
    ['an extra key in an update', bumpJob({ bumpManifesto: manifesto({}, { dataStructureUpdates: [{ name: 'A', more: 1 }] }) })],
  ])('rejects the whole list for one job with %s', (_what, change) => {
    expect(() => parseJobList(listOf(change))).toThrow('the worker rejects the whole list: jobs[1]');
  });

  it('rejects a maintenance answer without one of its three keys, or with a number for text', () => {
    const answer = { msg: 'm', paused: true, timestamp: '2025-06-11 08:30:00.123456' };
    expect(parseMaintenance(JSON.stringify(answer))).toEqual(answer);
    for (const key of Object.keys(answer)) expect(() => parseMaintenance(JSON.stringify({ ...answer, [key]: undefined }))).toThrow(key);
    expect(() => parseMaintenance(JSON.stringify({ ...answer, timestamp: 1 }))).toThrow('timestamp');
  });
});
