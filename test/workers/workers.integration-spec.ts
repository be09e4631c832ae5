import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompatPolls } from '../../src/workers/index.js';
import { LostWorkers } from '../../src/workers/lost-workers.js';
import { type Json, type Replica, type Replicas, startReplicas } from './protocol-app.js';

describe('workers', () => {
  let replicas: Replicas;
  const call: Replica['call'] = (...all) => replicas.one.call(...all);
  const claim = async (
    id: string,
    operations: string[],
    { replica = replicas.one, ...fields }: Record<string, unknown> & { replica?: Replica } = {},
  ): Promise<Json> =>
    (await replica.call('POST', '/jobs/claim', { worker: { id, version: '2.4.1' }, operations, ...fields }, 'worker')).body;
  const worker = async (id: string): Promise<Json> => (await call('GET', `/workers/${id}`)).body;

  beforeAll(async () => {
    replicas = await startReplicas(2, { JOBS_EXTRA_OPERATIONS: 'OP_1,OP_2,OP_3,OP_4,OP_5', JOBS_RESCUE_GRACE_SECONDS: '3600' });
  }, 60_000);
  afterAll(async () => replicas.stop(), 30_000);

  it('are known by claiming, with what they hold and until when', async () => {
    const { jobId } = await replicas.createJob({ operation: 'OP_1' });
    const { leaseExpiresAt } = await claim('held-1', ['OP_1']);
    expect(await worker('held-1')).toMatchObject({
      workerId: 'held-1',
      version: '2.4.1',
      operations: ['OP_1'],
      state: 'alive',
      drain: null,
      jobs: [{ jobId, operation: 'OP_1', phase: null, leaseExpiresAt }],
    });
    const history = await replicas.connection.collection('workers').findOne({ workerId: 'held-1' });
    expect(history).toMatchObject({ version: 1 });
    expect((await call('GET', '/workers/nobody')).body).toMatchObject({ status: 404, code: 'WORKERS.NOT_FOUND' });
  });

  it('are known once, however many claims come first at a time', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, index) => claim('racer', ['OP_1'], { replica: replicas.replicas[index % 2]! })));
    expect(await replicas.connection.collection('workers').countDocuments({ workerId: 'racer' })).toBe(1);
  });

  it('are listed by name, in pages, by state', async () => {
    for (const id of ['page-1', 'page-2', 'page-3']) await claim(id, ['OP_2']);
    const names: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await call('GET', `/workers?limit=2&state=alive&cursor=${cursor}`);
      names.push(...body.items.map((item: Json) => item.workerId));
      cursor = body.nextCursor;
    }
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(expect.arrayContaining(['page-1', 'page-2', 'page-3']));
    expect((await call('GET', '/workers?state=sleeping')).status).toBe(400);
  });

  it('are given nothing while drained, through any replica, and told so with each heartbeat', async () => {
    await replicas.createJob({ operation: 'OP_3' });
    const { job, leaseToken } = await claim('drained', ['OP_3']);
    await claim('drained', ['OP_3'], { replica: replicas.replicas[1]! });
    const drained = await call('PUT', '/workers/drained/drain', { reason: 'new release' }, 'operator');
    expect(drained).toMatchObject({ status: 200, body: { state: 'draining', drain: { reason: 'new release', by: 'operator' } } });
    await replicas.createJob({ operation: 'OP_3' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const replica of replicas.replicas) {
      expect(await claim('drained', ['OP_3'], { replica })).toMatchObject({ job: null, reason: 'drained', detail: 'new release' });
    }
    const beat = await call('POST', `/jobs/${job.jobId}/heartbeat`, { leaseToken }, 'worker');
    expect(beat.body.control).toEqual({ cancel: null, drain: { reason: 'new release' } });
    expect((await call('POST', `/jobs/${job.jobId}/complete`, { leaseToken }, 'worker')).status).toBe(200);
    expect((await call('DELETE', '/workers/drained/drain', undefined, 'operator')).body).toMatchObject({ state: 'alive', drain: null });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await claim('drained', ['OP_3'])).job).not.toBeNull();
  });

  it('that wait for a job are answered as soon as they are drained', async () => {
    const waiting = claim('waiter', ['OP_4'], { waitSeconds: 20 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = performance.now();
    await call('PUT', '/workers/waiter/drain', { reason: 'away' }, 'operator');
    expect(await waiting).toMatchObject({ job: null, reason: 'drained', detail: 'away' });
    expect(performance.now() - before).toBeLessThan(1_500);
  }, 30_000);

  it('are not forgotten while they hold a job, and known again by their next claim', async () => {
    const { jobId } = await replicas.createJob({ operation: 'OP_1' });
    const { leaseToken } = await claim('forgotten', ['OP_1']);
    expect((await call('DELETE', '/workers/forgotten', undefined, 'operator')).body).toMatchObject({ code: 'WORKERS.BUSY', jobs: [jobId] });
    await call('POST', `/jobs/${jobId}/complete`, { leaseToken }, 'worker');
    expect((await call('DELETE', '/workers/forgotten', undefined, 'operator')).status).toBe(204);
    expect((await call('GET', '/workers/forgotten')).status).toBe(404);
    expect((await call('DELETE', '/workers/forgotten', undefined, 'operator')).status).toBe(404);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await claim('forgotten', ['OP_1']);
    expect(await worker('forgotten')).toMatchObject({ state: 'alive' });
  });

  it('are lost after a silence, once, and alive again with their next word', async () => {
    await claim('silent', ['OP_1']);
    await replicas.connection
      .collection('workers')
      .updateOne({ workerId: 'silent' }, [{ $set: { lastSeenAt: { $subtract: ['$$NOW', 121_000] } } }]);
    await Promise.all(replicas.replicas.map((replica) => replica.get(LostWorkers).sweep()));
    expect(await worker('silent')).toMatchObject({ state: 'lost' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await claim('silent', ['OP_1']);
    expect(await worker('silent')).toMatchObject({ state: 'alive' });
    const { version } = (await replicas.connection.collection('workers').findOne({ workerId: 'silent' }))!;
    expect(version).toBe(3);
  });

  it('tell which waiting operations nobody can run', async () => {
    await replicas.createJob({ operation: 'OP_5' });
    const unserved = async (): Promise<string[]> => (await call('GET', '/workers')).body.unserved.map((each: Json) => each.operation);
    expect(await unserved()).toContain('OP_5');
    expect((await claim('able', ['OP_5'])).job).not.toBeNull();
    await replicas.createJob({ operation: 'OP_5' });
    expect(await unserved()).not.toContain('OP_5');
    await call('PUT', '/workers/able/drain', { reason: 'x' }, 'operator');
    expect(await unserved()).toContain('OP_5');
  });

  it('of the old routes are known by their last poll', async () => {
    const polls = replicas.replicas[1]!.get(CompatPolls);
    expect(await polls.secondsSinceLast(60)).toBeNull();
    await replicas.one.compat('GET', '/jobs?status=queued&operation=ADD,CHANGE');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await polls.secondsSinceLast(60)).toBeLessThan(10);
    expect((await polls.operationsWithin(60)).sort()).toEqual(['ADD', 'CHANGE']);
  });

  it('can be seen by readers, and drained or forgotten by operators only', async () => {
    expect((await call('GET', '/workers', undefined, 'reader')).status).toBe(200);
    for (const [method, path] of [
      ['PUT', '/workers/able/drain'],
      ['DELETE', '/workers/able/drain'],
      ['DELETE', '/workers/able'],
    ] as const) {
      expect((await call(method, path, method === 'PUT' ? { reason: 'x' } : undefined, 'worker')).status).toBe(403);
    }
    expect((await call('PUT', '/workers/able/drain', {}, 'operator')).status).toBe(400);
  });
});
