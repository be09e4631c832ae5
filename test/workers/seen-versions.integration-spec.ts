import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Answer, type Json, type Replicas, startReplicas } from './protocol-app.js';

let replicas: Replicas;
const call = (path: string, body?: object, method = 'POST'): Promise<Answer> => replicas.one.call(method, path, body);
const claim = async (operation = 'ADD'): Promise<Json> =>
  (await call('/jobs/claim', { worker: { id: 'imp-3' }, operations: [operation] })).body;

beforeAll(async () => {
  replicas = await startReplicas(1, { JOBS_RESCUE_GRACE_SECONDS: '3600' });
}, 60_000);
afterAll(async () => replicas.stop(), 30_000);
beforeEach(async () => {
  for (const name of ['inprogress', 'completed']) await replicas.connection.collection(name).deleteMany({});
});

describe('If-Match on what an operator does', () => {
  const withVersion = async (path: string, version: string): Promise<Answer> => {
    const headers = { authorization: replicas.one.bearer('operator'), 'if-match': version };
    const reply = await replicas.one.app.inject({ method: 'POST', url: `/api/v1${path}`, headers, payload: { reason: 'stuck' } });
    return { status: reply.statusCode, headers: reply.headers, body: reply.json() };
  };
  const mismatch = { status: 412, body: { code: 'PRECONDITION.FAILED', current: { status: 'running', version: 2 } } };

  it.each([
    ['release', 'queued'],
    ['fail', 'failed'],
  ])('%ss a running job at the version that was seen only', async (action, status) => {
    const { jobId } = await replicas.createJob();
    await claim();
    expect(await withVersion(`/jobs/${jobId}/${action}`, '"1"')).toMatchObject(mismatch);
    expect((await call(`/jobs/${jobId}`, undefined, 'GET')).body).toMatchObject({ status: 'running', version: 2 });
    expect(await withVersion(`/jobs/${jobId}/${action}`, 'two')).toMatchObject({ status: 400 });
    expect(await withVersion(`/jobs/${jobId}/${action}`, '"2"')).toMatchObject({ status: 200, body: { status, version: 3 } });
    expect((await withVersion(`/jobs/${jobId}/${action}`, '"2"')).body.code).toBe('JOBS.NOT_RUNNING');
  });

  it('has one winner among those that saw the same version', async () => {
    const { jobId } = await replicas.createJob();
    await claim();
    const replies = await Promise.all(Array.from({ length: 8 }, () => withVersion(`/jobs/${jobId}/release`, '"2"')));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('retries a finished job at the version that was seen only', async () => {
    const { jobId } = await replicas.createJob();
    await call(`/jobs/${jobId}/cancel`, { reason: 'x' });
    expect(await withVersion(`/jobs/${jobId}/retry`, '"1"')).toMatchObject({ status: 412, body: { current: { version: 2 } } });
    expect(await withVersion(`/jobs/${jobId}/retry`, '*')).toMatchObject({ status: 201, body: { retryOf: jobId } });
  });
});

describe('the expected end of a running job', () => {
  /** Past runs of so many seconds each. */
  const runsOf = async (seconds: readonly number[]): Promise<void> => {
    const runs = seconds.map((length, index) => ({
      ...{ _id: `run-${index}` as never, operation: 'CHANGE', status: 'completed', version: 1, outbox: [] },
      ...{ startedAt: new Date(index * 1_000_000), finishedAt: new Date(index * 1_000_000 + length * 1_000) },
    }));
    await replicas.connection.collection('completed').insertMany(runs);
  };

  it('is told by the job, its explanation and the conflict that it causes, from the median of past runs', async () => {
    await runsOf([60, 60, 600, 600, 600, 3_600, 3_600]);
    const { jobId, datasetName } = await replicas.createJob({ operation: 'CHANGE' });
    expect((await call(`/jobs/${jobId}`, undefined, 'GET')).body).toMatchObject({ status: 'queued', expectedEndAt: null });
    const { job } = await claim('CHANGE');
    const expectedEndAt = new Date(Date.parse(job.attempts[0].startedAt) + 600_000).toISOString();
    expect((await call(`/jobs/${jobId}`, undefined, 'GET')).body).toMatchObject({ status: 'running', expectedEndAt });
    expect((await call('/jobs', { datasetName, operation: 'ADD' })).body).toMatchObject({
      code: 'JOBS.TARGET_BUSY',
      holder: { expectedEndAt },
    });
    const { sentences, facts } = (await call(`/jobs/${jobId}/explain`, undefined, 'GET')).body;
    expect(facts).toMatchObject({ expectedEndAt });
    expect(sentences).toContain(`By past runs it will end at about ${expectedEndAt}.`);
  });

  it('is unknown without enough past runs', async () => {
    const { jobId, datasetName } = await replicas.createJob({ operation: 'PATCH_METADATA' });
    await claim('PATCH_METADATA');
    expect((await call(`/jobs/${jobId}`, undefined, 'GET')).body.expectedEndAt).toBeNull();
    expect((await call('/jobs', { datasetName, operation: 'ADD' })).body.holder).toMatchObject({ expectedEndAt: null });
  });
});

describe('signalbox_job_wait_seconds', () => {
  const waits = async (operation: string): Promise<number> => {
    const { body } = await replicas.one.compat('GET', '/metrics');
    return Number(new RegExp(`signalbox_job_wait_seconds_count\\{[^}]*operation="${operation}"[^}]*\\} (\\d+)`).exec(body)?.[1] ?? 0);
  };

  it('is observed once for each start, by a claim and by the status of an old worker', async () => {
    const { jobId } = await replicas.createJob({ operation: 'REMOVE', parameters: { description: 'x' } });
    await replicas.one.compat('PUT', `/jobs/${jobId}`, { log: 'not started' });
    expect(await waits('REMOVE')).toBe(0);
    await replicas.one.compat('PUT', `/jobs/${jobId}`, { status: 'initiated' });
    await replicas.one.compat('PUT', `/jobs/${jobId}`, { status: 'validating' });
    await replicas.one.compat('PUT', `/jobs/${jobId}`, { status: 'validating', log: 'still' });
    expect(await waits('REMOVE')).toBe(1);
    await replicas.one.compat('PUT', `/jobs/${jobId}`, { status: 'queued' });
    expect(await waits('REMOVE')).toBe(1);
    await claim('REMOVE');
    expect(await waits('REMOVE')).toBe(2);
  });
});
