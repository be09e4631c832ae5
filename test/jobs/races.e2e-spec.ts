import { beforeAll, describe, expect, it } from '@jest/globals';
import { freshTarget } from '../support/compat-client.js';
import { testMongodbUrl, withConnection } from '../support/database.js';
import type { Reply } from '../support/http-client.js';
import { useService } from '../support/use-service.js';

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
const statusCounts = (replies: readonly Reply[]) => {
  const counts: Record<number, number> = {};
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

describe('races', () => {
  const file = useService();
  let bearer: Record<string, string>;
  beforeAll(async () => {
    bearer = { authorization: `Bearer ${await file.service.token('pipeline')}` };
  }, 30_000);

  it('creates one job for 200 compat creators of one dataset and refuses 199', async () => {
    const target = freshTarget();
    const results = (await Promise.all(times(200, () => file.compat.createAll([{ operation: 'ADD', target }])))).flat();
    expect(results.filter((result) => result.msg === 'CREATED')).toHaveLength(1);
    expect(results.filter((result) => result.msg === 'FAILED')).toHaveLength(199);
    expect(await file.compat.list(`/targets/${target}/jobs`)).toHaveLength(1);
  }, 60_000);

  it('creates one job for 200 native creators of one dataset and answers 199 with the holder', async () => {
    const datasetName = freshTarget();
    const replies = await Promise.all(times(200, () => file.http.post('/api/v1/jobs', { datasetName, operation: 'ADD' }, bearer)));
    expect(statusCounts(replies)).toEqual({ 201: 1, 409: 199 });
    const created = replies.find((reply) => reply.status === 201)!.json<{ jobId: string }>();
    const holders = replies
      .filter((reply) => reply.status === 409)
      .map((reply) => reply.json<{ holder: { jobId: string } }>().holder.jobId);
    expect(new Set(holders)).toEqual(new Set([created.jobId]));
  }, 60_000);

  it('creates one job for 100 creators on either surface', async () => {
    const target = freshTarget();
    const compat = times(50, async () => (await file.compat.createAll([{ operation: 'ADD', target }]))[0]!.msg === 'CREATED');
    const native = times(
      50,
      async () => (await file.http.post('/api/v1/jobs', { datasetName: target, operation: 'ADD' }, bearer)).status === 201,
    );
    expect((await Promise.all([...compat, ...native])).filter(Boolean)).toHaveLength(1);
  }, 60_000);

  it('creates one job for 50 native creators with one Idempotency-Key', async () => {
    const datasetName = freshTarget();
    const headers = { ...bearer, 'idempotency-key': `race-${datasetName}` };
    const replies = await Promise.all(times(50, () => file.http.post('/api/v1/jobs', { datasetName, operation: 'ADD' }, headers)));
    expect(statusCounts(replies)).toEqual({ 201: 50 });
    expect(new Set(replies.map((reply) => reply.json<{ jobId: string }>().jobId)).size).toBe(1);
  }, 60_000);

  it('J-3: answers one of many concurrent terminal PUTs with 200 and the others with 404, never 500', async () => {
    for (let round = 0; round < 20; round += 1) {
      const id = await file.compat.create(freshTarget());
      await file.compat.walk(id, 'initiated');
      const replies = await Promise.all(
        times(6, (index) => file.compat.tryUpdate(id, { status: index % 2 ? 'completed' : 'failed', log: `by ${index}` })),
      );
      expect(statusCounts(replies)).toEqual({ 200: 1, 404: 5 });
      const winner = replies.findIndex((reply) => reply.status === 200);
      const job = await file.compat.job(id);
      expect(job.status).toBe(winner % 2 ? 'completed' : 'failed');
      expect(job.log.map((entry) => entry.message)).toEqual(['Set status: initiated', `Set status: ${job.status}`, `by ${winner}`]);
    }
  }, 60_000);

  it('J-4, J-6: keeps every log line that was acknowledged while the job was being finished', async () => {
    for (let round = 0; round < 20; round += 1) {
      const id = await file.compat.create(freshTarget());
      await file.compat.walk(id, 'initiated');
      const writers = times(12, (index) =>
        file.compat.tryUpdate(id, { log: `line ${index}`, ...(index % 3 ? {} : { status: 'importing' }) }),
      );
      const finish = file.compat.tryUpdate(id, { status: 'completed' });
      const replies = await Promise.all(writers);
      expect((await finish).status).toBe(200);
      for (const reply of replies) expect([200, 404]).toContain(reply.status);
      const acknowledged = replies.flatMap((reply, index) => (reply.status === 200 ? [`line ${index}`] : []));
      const lines = (await file.compat.logOf(id)).filter((message) => message.startsWith('line'));
      expect(lines.sort()).toEqual(acknowledged.sort());
      const final = await file.compat.job(id);
      expect([final.status, final.log.at(-1)?.message]).toEqual(['completed', 'Set status: completed']);
    }
  }, 60_000);

  it('keeps every one of 100 parallel log lines of one job, each with its status line right before it', async () => {
    const id = await file.compat.create(freshTarget());
    const replies = await Promise.all(times(100, (index) => file.compat.tryUpdate(id, { status: 'decrypting', log: `line ${index}` })));
    expect(statusCounts(replies)).toEqual({ 200: 100 });
    const log = await file.compat.logOf(id);
    expect(log).toHaveLength(200);
    expect(log.filter((_message, index) => index % 2 === 0)).toEqual(times(100, () => 'Set status: decrypting'));
    expect(new Set(log).size).toBe(101);
  }, 60_000);

  it('J-1: has a finished job in one collection only, in its final state, at any time', async () => {
    const ids = await Promise.all(times(20, () => file.compat.create(freshTarget())));
    await Promise.all(ids.map((id) => file.compat.update(id, { status: 'completed' })));
    const filter = { _id: { $in: ids } } as object;
    const [unfinished, finished] = await withConnection(testMongodbUrl(), file.service.databaseName!, async (connection) => [
      await connection.collection('inprogress').countDocuments(filter),
      await connection.collection('completed').find(filter).toArray(),
    ]);
    expect([unfinished, finished.map((job) => job['status'] as string)]).toEqual([0, times(20, () => 'completed')]);
  });

  it('J-12: makes one initial maintenance record under parallel first reads of a new database', async () => {
    const replies = await Promise.all(times(16, () => file.http.get('/maintenance-status')));
    expect(new Set(replies.map((reply) => reply.text)).size).toBe(1);
    expect((await file.http.get('/maintenance-history')).json()).toHaveLength(1);
  });
});
