import { beforeAll, describe, expect, it } from '@jest/globals';
import { freshTarget } from '../support/compat-client.js';
import { testMongodbUrl, withConnection } from '../support/database.js';
import { workerQueries } from '../support/executor.js';
import { openCompat } from '../support/service.js';
import { useService } from '../support/use-service.js';

interface NativeJob {
  readonly jobId: string;
  readonly version: number;
  readonly status: string;
  readonly phase: string | null;
  readonly datasetName: string;
}

describe('one job on both surfaces', () => {
  const file = useService({ env: { ...openCompat, JOBS_EXTRA_OPERATIONS: 'REINDEX' } });
  let bearer: Record<string, string>;
  beforeAll(async () => {
    bearer = { authorization: `Bearer ${await file.service.token('admin')}` };
  }, 30_000);

  const create = (datasetName: string, more: object = {}, headers: Record<string, string> = {}) =>
    file.http.post('/api/v1/jobs', { datasetName, operation: 'ADD', ...more }, { ...bearer, ...headers });
  const native = async (id: string) => (await file.http.get(`/api/v1/jobs/${id}`, bearer)).json<NativeJob>();

  it('shows a native job to the worker, with a creator of exactly three keys', async () => {
    const reply = await create(freshTarget());
    expect(reply.status).toBe(201);
    const { jobId } = reply.json<NativeJob>();
    expect((await file.compat.list(workerQueries.imported)).map((job) => job.jobId)).toContain(jobId);
    expect((await file.compat.job(jobId)).createdBy).toEqual({ userId: expect.any(String), firstName: expect.any(String), lastName: '' });
  });

  it('shows a compat job to native clients, with its phase', async () => {
    const target = freshTarget();
    const id = await file.compat.create(target);
    expect(await native(id)).toMatchObject({ jobId: id, status: 'queued', phase: null, datasetName: target });
    await file.compat.walk(id, 'initiated');
    expect(await native(id)).toMatchObject({ status: 'running', phase: null });
    await file.compat.walk(id, 'partitioning');
    expect(await native(id)).toMatchObject({ status: 'running', phase: 'partitioning' });
    await file.compat.walk(id, 'completed');
    expect(await native(id)).toMatchObject({ status: 'completed' });
  });

  it('refuses a second job for a dataset over either surface, and names the holder on the native one', async () => {
    const target = freshTarget();
    const id = await file.compat.create(target);
    const reply = await create(target);
    expect([reply.status, reply.headers['content-type']]).toEqual([409, expect.stringContaining('application/problem+json')]);
    expect(reply.json()).toMatchObject({ code: 'JOBS.TARGET_BUSY', holder: { jobId: id, status: 'queued' } });
    const other = freshTarget();
    await create(other);
    expect((await file.compat.createAll([{ operation: 'ADD', target: other }]))[0]?.msg).toBe('FAILED');
  });

  it('shows a job that was cancelled natively as failed, frees its dataset, and keeps the reason in the log', async () => {
    const target = freshTarget();
    const id = await file.compat.create(target);
    const reply = await file.http.post(`/api/v1/jobs/${id}/cancel`, { reason: 'not needed' }, bearer);
    expect(reply.status).toBe(200);
    expect(await file.compat.job(id)).toMatchObject({ status: 'failed' });
    expect((await file.compat.logOf(id)).join('\n')).toContain('not needed');
    expect((await file.compat.list('/jobs?status=failed')).map((job) => job.jobId)).toContain(id);
    expect((await file.compat.targetRow(target))?.status).toBe('failed');
    expect((await file.compat.tryUpdate(id, { status: 'initiated' })).status).toBe(404);
    await expect(file.compat.create(target)).resolves.not.toBe(id);
  });

  it('hides jobs of other operations, and queued ones whose time is to come, from the worker', async () => {
    const extra = (await create(freshTarget(), { operation: 'REINDEX' })).json<NativeJob>();
    const later = (await create(freshTarget(), { notBefore: new Date(Date.now() + 3_600_000).toISOString() })).json<NativeJob>();
    const all = (await file.compat.list()).map((job) => job.jobId);
    expect(all).not.toContain(extra.jobId);
    const queued = (await file.compat.list('/jobs?status=queued')).map((job) => job.jobId);
    expect(queued).not.toContain(later.jobId);
    expect(all).toContain(later.jobId);
  });

  it('answers 409 to a status PUT on a job with a native lease; description and log alone pass', async () => {
    const id = await file.compat.create(freshTarget());
    const now = new Date();
    const lease = { workerId: 'imp-3', claimedAt: now, heartbeatAt: now, expiresAt: new Date(now.getTime() + 60_000) };
    await withConnection(testMongodbUrl(), file.service.databaseName!, (connection) =>
      connection.collection<{ _id: string }>('inprogress').updateOne({ _id: id }, { $set: { status: 'running', lease } }),
    );
    for (const status of ['initiated', 'queued', 'completed']) {
      const reply = await file.compat.tryUpdate(id, { status, log: 'mine' });
      expect([reply.status, typeof reply.json<{ message: unknown }>().message]).toEqual([409, 'string']);
    }
    await file.compat.update(id, { description: 'passes' });
    await file.compat.update(id, { log: 'passes too' });
    expect(await file.compat.logOf(id)).toEqual(['Added update description', 'passes too']);
    expect((await file.compat.job(id)).status).toBe('initiated');
  });

  it('J-11: replays the answer to a repeated Idempotency-Key and creates one job', async () => {
    const target = freshTarget();
    const key = { 'idempotency-key': `key-${target}` };
    const [first, second] = [await create(target, {}, key), await create(target, {}, key)];
    expect([first.status, second.status, second.headers['idempotency-replayed']]).toEqual([201, 201, 'true']);
    expect(second.json<NativeJob>().jobId).toBe(first.json<NativeJob>().jobId);
    const other = await create(freshTarget(), {}, key);
    expect([other.status, other.json<{ code: string }>().code]).toEqual([422, 'IDEMPOTENCY.KEY_REUSED']);
  });

  it('answers errors under /api as problems and elsewhere in the envelope of the job service', async () => {
    const problem = await file.http.get('/api/v1/nothing', bearer);
    expect([problem.status, problem.json<{ code: string }>().code]).toEqual([404, 'REQUEST.ROUTE_UNKNOWN']);
    expect(Object.keys((await file.http.get('/nothing')).json<object>())).toEqual(['message']);
  });

  it('refuses native calls without a token even where the old routes are open', async () => {
    const reply = await file.http.get('/api/v1/jobs');
    expect([reply.status, reply.json<{ code: string }>().code]).toEqual([401, 'AUTH.TOKEN_MISSING']);
  });
});
