import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type mongoose from 'mongoose';
import { CompatClient, freshTarget } from '../support/compat-client.js';
import { freshDatabaseName, testMongodbUrl, withConnection } from '../support/database.js';
import type { Reply } from '../support/http-client.js';
import { StubKeySet } from '../support/key-set.js';
import { startService, type Service } from '../support/service.js';

const hourMs = 3_600_000;
const settings = {
  COMPAT_AUTH: 'reference',
  JWT_AUTH: 'false',
  JOBS_MIN_LEASE_SECONDS: '1',
  JOBS_RESCUE_GRACE_SECONDS: '0',
  JOBS_EXTRA_OPERATIONS: 'LEASES,LATER,BUDGET,DUE,RETRY',
};

interface Shown {
  readonly jobId: string;
  readonly status: string;
  readonly attempts: readonly { readonly startedAt: string; readonly endedAt: string | null; readonly outcome: string | null }[];
  readonly history: readonly { readonly type: string; readonly at: string }[];
  readonly [field: string]: unknown;
}

/** The two services, one an hour ahead and one an hour behind, on one database whose clock is right. */
describe('services whose clocks are an hour ahead and an hour behind', () => {
  let dataDir: string;
  let keySet: StubKeySet;
  const services: Service[] = [];
  const database = freshDatabaseName();
  const startedAtMs = Date.now();

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'signalbox-skew-'));
    keySet = await StubKeySet.start();
    const env = { ...settings, ...keySet.environment, MONGODB_URL: testMongodbUrl(), MONGODB_DATABASE: database };
    for (const clockAheadMs of [hourMs, -hourMs]) services.push(await startService({ database: 'given', dataDir, env, clockAheadMs }));
  }, 120_000);
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await withConnection(testMongodbUrl(), database, (connection) => connection.dropDatabase());
    await keySet.stop();
    await rm(dataDir, { recursive: true, force: true });
  }, 60_000);

  const secondsFromNow = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds;
  /** Good by all three clocks; see the last test for one that is not. */
  const bearer = (claims: object = {}): string => {
    const times = { iat: secondsFromNow(-7_200), exp: secondsFromNow(7_200) };
    const token = keySet.sign({ iss: keySet.issuer, aud: keySet.audience, sub: 'admin@test', roles: ['admin'], ...times, ...claims });
    return `Bearer ${token}`;
  };
  const call = (
    service: Service,
    method: string,
    ...[path, json, headers = {}]: readonly [string, unknown?, Record<string, string>?]
  ): Promise<Reply> =>
    service.http.send(method, `/api/v1${path}`, { ...(json !== undefined && { json }), headers: { authorization: bearer(), ...headers } });
  const ok = async <T>(...args: Parameters<typeof call>): Promise<T> => {
    const reply = await call(...args);
    if (reply.status >= 300) throw new Error(`${args[1]} ${args[2]}: ${reply.status} ${reply.text}`);
    return reply.json<T>();
  };
  const create = (service: Service, operation: string, fields: object = {}): Promise<Shown> =>
    ok(service, 'POST', '/jobs', { datasetName: freshTarget(), operation, ...fields });
  const claim = (
    service: Service,
    operation: string,
    fields: object = {},
  ): Promise<{ job: Shown | null; leaseToken: string; leaseExpiresAt: string }> =>
    ok(service, 'POST', '/jobs/claim', { worker: { id: 'w-1' }, operations: [operation], leaseSeconds: 2, ...fields });
  const get = (service: Service, id: string): Promise<Shown> => ok(service, 'GET', `/jobs/${id}`);
  const isoIn = (ms: number): string => new Date(Date.now() + ms).toISOString();
  const until = async <T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> => {
    for (;;) {
      const value = await read();
      if (holds(value)) return value;
      await sleep(50);
    }
  };
  const historyTime = (job: Shown, type: string): number => Date.parse(job.history.find((entry) => entry.type === type)!.at);
  /** Each test runs both ways: what one service begins the other one goes on with. */
  const bothWays = it.each([
    ['ahead', 0],
    ['behind', 1],
  ] as const);
  const pairOf = (first: number): [Service, Service] => [services[first]!, services[1 - first]!];

  bothWays('keep a lease alive, and take it only after its end (%s first)', async (_, first) => {
    const [one, other] = pairOf(first);
    const { jobId } = await create(one, 'LEASES');
    const claimed = await claim(one, 'LEASES');
    expect(claimed.job?.jobId).toBe(jobId);
    const { leaseToken } = claimed;
    let promised = Date.parse(claimed.leaseExpiresAt);
    for (let beats = 0; beats < 4; beats++) {
      await sleep(700);
      const beat = await ok<{ leaseExpiresAt: string }>(beats % 2 ? one : other, 'POST', `/jobs/${jobId}/heartbeat`, { leaseToken });
      expect(Date.parse(beat.leaseExpiresAt)).toBeGreaterThan(promised);
      promised = Date.parse(beat.leaseExpiresAt);
    }
    const lost = await until(
      () => get(other, jobId),
      ({ status }) => status === 'queued',
    );
    expect(historyTime(lost, 'job.lost.v1')).toBeGreaterThanOrEqual(promised);
    const again = await claim(other, 'LEASES', { leaseSeconds: 60 });
    expect(again.job?.jobId).toBe(jobId);
    await ok(one, 'POST', `/jobs/${jobId}/complete`, { leaseToken: again.leaseToken });
  });

  bothWays('hand a job out from its time on (%s first)', async (_, first) => {
    const [one, other] = pairOf(first);
    const notBefore = isoIn(2_500);
    const { jobId } = await create(one, 'LATER', { notBefore });
    expect((await claim(other, 'LATER')).job).toBeNull();
    const { job, leaseToken } = await claim(other, 'LATER', { waitSeconds: 20, leaseSeconds: 60 });
    expect(job?.jobId).toBe(jobId);
    expect(Date.parse(job!.attempts[0]!.startedAt)).toBeGreaterThanOrEqual(Date.parse(notBefore));
    await ok(one, 'POST', `/jobs/${jobId}/snooze`, { leaseToken, seconds: 1 });
    const woken = await claim(one, 'LATER', { waitSeconds: 20, leaseSeconds: 60 });
    expect(woken.job?.jobId).toBe(jobId);
    await ok(other, 'POST', `/jobs/${jobId}/complete`, { leaseToken: woken.leaseToken });
  });

  bothWays('retry a failed job after its pause (%s first)', async (_, first) => {
    const [one, other] = pairOf(first);
    const { jobId } = await create(one, 'RETRY');
    const { leaseToken } = await claim(one, 'RETRY', { leaseSeconds: 60 });
    const failure = { leaseToken, error: { code: 'E', message: 'broken' }, retryAfterSeconds: 2 };
    const failed = await ok<Shown>(other, 'POST', `/jobs/${jobId}/fail`, failure);
    const failedAt = Date.parse(failed.attempts[0]!.endedAt!);
    const { job } = await claim(one, 'RETRY', { waitSeconds: 20, leaseSeconds: 60 });
    expect(job?.jobId).toBe(jobId);
    expect(Date.parse(job!.attempts[1]!.startedAt) - failedAt).toBeGreaterThanOrEqual(2_000);
    await ok(one, 'POST', `/jobs/${jobId}/cancel`, { reason: 'done with it', force: true });
  });

  bothWays('tell of a due time, and end a run, when it is over (%s first)', async (_, first) => {
    const [one, other] = pairOf(first);
    const dueAt = isoIn(1_500);
    const { jobId } = await create(one, 'DUE', { dueAt, runBudgetSeconds: 5, maxFailures: 1 });
    expect(await get(one, jobId)).toMatchObject({ overdue: false });
    const { job } = await claim(other, 'DUE', { leaseSeconds: 60 });
    const late = await until(
      () => get(other, jobId),
      ({ overdue }) => overdue === true,
    );
    const told = await until(
      () => get(one, jobId),
      ({ history }) => history.some(({ type }) => type === 'job.overdue.v1'),
    );
    expect(late.status).toBe('running');
    expect(historyTime(told, 'job.overdue.v1')).toBeGreaterThanOrEqual(Date.parse(dueAt));
    const ended = await until(
      () => get(one, jobId),
      ({ status }) => status === 'failed',
    );
    expect(ended['error']).toMatchObject({ code: 'RUN_BUDGET_EXCEEDED' });
    expect(Date.parse(ended.attempts[0]!.endedAt!) - Date.parse(job!.attempts[0]!.startedAt)).toBeGreaterThanOrEqual(5_000);
  });

  bothWays('end a pause when its time is over (%s first)', async (_, first) => {
    const [one, other] = pairOf(first);
    const end = isoIn(2_000);
    const any = { 'if-match': '*' };
    await ok(one, 'PUT', '/maintenance', { on: true, reason: `upgrade ${first}`, until: end, autoResume: true }, any);
    expect(await ok(other, 'GET', '/maintenance')).toMatchObject({ on: true, mode: 'quiet' });
    expect(await claim(other, 'LEASES')).toMatchObject({ job: null, reason: 'maintenance' });
    const off = await until(
      () => ok<{ on: boolean; since: string }>(other, 'GET', '/maintenance'),
      ({ on }) => !on,
    );
    expect(Date.parse(off.since)).toBeGreaterThanOrEqual(Date.parse(end));
  });

  bothWays('wait for old workers that polled, as long as they should (%s first)', async (_, first) => {
    const [one, other] = pairOf(first);
    const compat = new CompatClient(one.http);
    await compat.list('/jobs?status=queued&operation=REMOVE');
    const any = { 'if-match': '*' };
    const { since } = await ok<{ since: string }>(other, 'PUT', '/maintenance', { on: true, reason: `old workers ${first}` }, any);
    const quiet = await ok<{ quietAt: string }>(other, 'GET', '/maintenance?wait=quiet&timeout=60');
    expect(Date.parse(quiet.quietAt) - Date.parse(since)).toBeGreaterThanOrEqual(15_000);
    await ok(one, 'PUT', '/maintenance', { on: false }, any);
  });

  it('number events in the order of what happened, and store no time of their own', async () => {
    const ids: string[] = [];
    for (let round = 0; round < 10; round++) ids.push((await create(services[round % 2]!, 'BUDGET')).jobId);
    await ok(services[0]!, 'POST', '/jobs/bulk', { action: 'cancel', ids, reason: 'enough' });
    interface Listed {
      readonly items: readonly { readonly seq: number; readonly time: string; readonly subject: string }[];
    }
    const list = (service: Service) => ok<Listed>(service, 'GET', '/events?topic=job&limit=200&sort=-seq');
    const { items } = await until(
      () => list(services[0]!),
      (page) => ids.every((id) => page.items.filter(({ subject }) => subject === `jobs/${id}`).length === 2),
    );
    expect((await list(services[1]!)).items).toEqual(items);
    const created = items.filter(({ subject }) => ids.includes(subject.slice('jobs/'.length))).reverse();
    const firsts = ids.map((id) => created.find(({ subject }) => subject === `jobs/${id}`)!);
    expect(firsts.map(({ seq }) => seq)).toEqual(firsts.map(({ seq }) => seq).sort((a, b) => a - b));
    const wrong = await withConnection(testMongodbUrl(), database, (connection) => timesOutside(connection, startedAtMs));
    expect(wrong).toEqual([]);
  });

  /** A token's end is a matter between its issuer and the service that reads it, so their clocks must agree; 30 s of difference are allowed. */
  it('judge tokens by their own clock', async () => {
    const [ahead, behind] = services as [Service, Service];
    const status = async (service: Service, claims: object): Promise<number> =>
      (await call(service, 'GET', '/jobs', undefined, { authorization: bearer(claims) })).status;
    const halfAnHour = 1_800;
    expect(await status(ahead, { exp: secondsFromNow(halfAnHour) })).toBe(401);
    expect(await status(behind, { exp: secondsFromNow(halfAnHour) })).toBe(200);
    expect(await status(ahead, { iat: secondsFromNow(0) })).toBe(200);
    expect(await status(behind, { iat: secondsFromNow(0) })).toBe(401);
  });
});

/** Dates anywhere in the database that are more than half an hour away from the time of the test; none of its jobs asks for such. */
async function timesOutside(connection: mongoose.Connection, startedAtMs: number): Promise<string[]> {
  const [least, most] = [startedAtMs - hourMs / 2, Date.now() + hourMs / 2];
  const found: string[] = [];
  const look = (value: unknown, path: string): void => {
    if (value instanceof Date && (value.getTime() < least || value.getTime() > most)) found.push(`${path}: ${value.toISOString()}`);
    else if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) !== null && !(value instanceof Date))
      for (const [key, each] of Object.entries(value)) if (key !== '_bsontype') look(each, `${path}.${key}`);
  };
  for (const { collectionName } of await connection.db!.collections())
    for await (const document of connection.collection(collectionName).find({})) look(document, collectionName);
  return found;
}
