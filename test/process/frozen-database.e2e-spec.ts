import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type mongoose from 'mongoose';
import { KillableService } from '../kill/killable-service.js';
import { type CreationResult, freshTarget } from '../support/compat-client.js';
import { HttpClient, type Reply } from '../support/http-client.js';
import { waitUntilReady } from '../support/service.js';

/** Deadlines of the routes, with room for a busy machine. */
const [handlerMs, creationMs, roomMs] = [10_000, 60_000, 10_000];

interface StoredRecord {
  readonly number: number;
  readonly reason: string;
}

/** A database process that is frozen: connections stand, nothing answers, and what was sent happens after the thaw. */
describe('a frozen database', () => {
  let victim: KillableService;
  let http: HttpClient;
  beforeAll(async () => {
    victim = await KillableService.start();
    http = new HttpClient(victim.http.url, 2 * creationMs);
  }, 120_000);
  afterAll(async () => {
    http.close();
    await victim.close();
  }, 60_000);

  /** Runs the work while the database is frozen; afterwards the service is ready again and all that was on its way has happened. */
  const whileFrozen = async <T>(work: () => Promise<T>): Promise<T> => {
    await victim.signalDatabase('SIGSTOP');
    const result = await work().finally(() => victim.signalDatabase('SIGCONT'));
    await waitUntilReady(http, 120_000);
    return result;
  };
  const timed = async (call: Promise<Reply>): Promise<{ reply: Reply; ms: number }> => {
    const startedAt = performance.now();
    return { reply: await call, ms: performance.now() - startedAt };
  };
  const read = <T>(name: string, filter: object): Promise<T[]> =>
    victim.withDatabase((connection: mongoose.Connection) => connection.collection(name).find(filter).toArray()) as unknown as Promise<T[]>;
  const jobsOf = async (targets: readonly string[]): Promise<{ _id: string; datasetName: string }[]> =>
    read('inprogress', { datasetName: { $in: targets } });

  it('is told to the creator of jobs in time; no job is there that was said to have failed, and none twice', async () => {
    const targets = Array.from({ length: 4 }, () => freshTarget());
    const items = targets.map((target) => ({ operation: 'ADD', target }));
    const { reply, ms } = await whileFrozen(() => timed(http.post('/jobs', { jobs: items })));
    expect(ms).toBeLessThan(creationMs + roomMs);
    expect([200, 503]).toContain(reply.status);
    const results = reply.status === 200 ? reply.json<CreationResult[]>() : [];
    const known = results.filter(({ reason }) => !/did not say/.test(reason ?? ''));
    const told = new Map(known.map((result) => [targets[results.indexOf(result)]!, result.job_id ?? null]));
    const stored = await jobsOf(targets);
    for (const target of targets) {
      const own = stored.filter(({ datasetName }) => datasetName === target).map(({ _id }) => _id);
      expect(own.length).toBeLessThanOrEqual(1);
      if (told.has(target)) expect(own[0] ?? null).toBe(told.get(target));
    }
    const again = (await http.post('/jobs', { jobs: items })).json<CreationResult[]>();
    expect(again.map(({ status }) => status)).toEqual(targets.map((target) => (ownerOf(stored, target) ? 'FAILED' : 'queued')));
    expect(await jobsOf(targets)).toHaveLength(targets.length);
  }, 240_000);

  it('is told to those who set the maintenance switch in time; every acknowledged record is there, and none twice', async () => {
    const authorization = `Bearer ${victim.bearer}`;
    const post = (reason: string) => http.post('/maintenance-statuses', { msg: reason, paused: false });
    const put = (reason: string) => http.put('/api/v1/maintenance', { on: false, reason }, { authorization, 'if-match': '*' });
    const acknowledged = ['before'];
    expect((await post('before')).status).toBe(200);
    const tried = Array.from({ length: 6 }, (_, index) => `frozen ${index}`);
    const answers = await whileFrozen(() => Promise.all(tried.map((reason, index) => timed(index % 2 ? put(reason) : post(reason)))));
    answers.forEach(({ reply, ms }, index) => {
      expect(ms).toBeLessThan(handlerMs + roomMs);
      expect([200, 503]).toContain(reply.status);
      if (reply.status === 200) acknowledged.push(tried[index]!);
    });
    expect((await put('after')).status).toBe(200);
    acknowledged.push('after');
    const records = await settledRecords(() => read<StoredRecord>('maintenance', {}));
    const reasons = records.map(({ reason }) => reason);
    expect(records.map(({ number }) => number).sort((a, b) => a - b)).toEqual(records.map((_, index) => index + 1));
    expect(new Set(reasons).size).toBe(reasons.length);
    expect(reasons).toEqual(expect.arrayContaining(acknowledged));
  }, 240_000);

  it('is told to a worker in time, who goes on with its job afterwards', async () => {
    const headers = { authorization: `Bearer ${victim.bearer}` };
    const call = (path: string, json: object) => http.post(`/api/v1/jobs${path}`, json, headers);
    const operation = 'REMOVE';
    const parameters = { description: 'old' };
    const { jobId } = (await call('', { datasetName: freshTarget(), operation, parameters })).json<{ jobId: string }>();
    const claim = { worker: { id: 'w-1' }, operations: [operation], leaseSeconds: 600, claimId: 'c-1' };
    const { reply, ms } = await whileFrozen(() => timed(call('/claim', claim)));
    expect(ms).toBeLessThan(40_000 + roomMs);
    expect([200, 503]).toContain(reply.status);
    const { job, leaseToken } = (await call('/claim', claim)).json<{ job: { jobId: string; attempt: number }; leaseToken: string }>();
    expect(job).toMatchObject({ jobId, attempt: 1 });
    const frozen = await whileFrozen(() => timed(call(`/${jobId}/complete`, { leaseToken })));
    expect(frozen.ms).toBeLessThan(handlerMs + roomMs);
    const repeated = await call(`/${jobId}/complete`, { leaseToken });
    expect([repeated.status, repeated.json<{ status: string }>().status]).toEqual([200, 'completed']);
    expect(await read('completed', { _id: jobId })).toHaveLength(1);
  }, 240_000);
});

const ownerOf = (stored: readonly { _id: string; datasetName: string }[], target: string): string | undefined =>
  stored.find(({ datasetName }) => datasetName === target)?._id;

/** Records once no more come: what was sent before the answer was given up may happen late. */
async function settledRecords(read: () => Promise<StoredRecord[]>): Promise<StoredRecord[]> {
  for (let before = await read(); ;) {
    await sleep(1_000);
    const now = await read();
    if (now.length === before.length) return now;
    before = now;
  }
}
