import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { SETTINGS, type Settings } from '../../src/config/settings.js';
import { JobClock } from '../../src/jobs/job-clock.js';
import { JobsStore } from '../../src/jobs/jobs.store.js';
import { JobRequeues } from '../../src/jobs/protocol/job-requeues.js';
import { JobRescue } from '../../src/jobs/protocol/job-rescue.js';
import { LeasesStore } from '../../src/jobs/protocol/leases.store.js';
import { JobWatch } from '../../src/jobs/watch/job-watch.js';
import { JobWatchStore } from '../../src/jobs/watch/job-watch.store.js';
import { Metrics } from '../../src/observability/index.js';
import { eventually } from '../events/eventually.js';
import { type Json, type Replica, type Replicas, startReplicas } from './protocol-app.js';

const hourMs = 3_600_000;
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

/** A rescue without grace; that of the application waits for an hour. */
function rescueOf(replica: Replica): JobRescue {
  const settings = { ...replica.app.get<Settings>(SETTINGS), jobsRescueGraceSeconds: 0 };
  return new JobRescue(
    replica.get(LeasesStore),
    replica.get(JobsStore),
    replica.get(JobRequeues),
    replica.get(Metrics),
    replica.get(JobClock),
    settings,
  );
}

/** A watch beside that of the application, so that several look at a time. */
const watchOf = (replica: Replica): JobWatch =>
  new JobWatch(replica.get(JobWatchStore), replica.get(JobsStore), replica.get(JobClock), replica.app.get<Settings>(SETTINGS));

/** What both kinds of installations do with jobs and the switch. */
function callsOf(replicas: () => Replicas) {
  const call = (method: string, path: string, body?: unknown): Promise<Json> => replicas().one.call(method, path, body);
  const put = async (body: object): Promise<void> => {
    const reply = await replicas().one.app.inject({
      method: 'PUT',
      url: '/api/v1/maintenance',
      headers: { authorization: replicas().one.bearer('pipeline'), 'if-match': '*' },
      payload: body,
    });
    if (reply.statusCode !== 200) throw new Error(reply.body);
  };
  const get = async (id: string): Promise<Json> => (await call('GET', `/jobs/${id}`)).body;
  return {
    call,
    get,
    pause: () => put({ on: true, reason: 'Upgrade' }),
    resume: () => put({ on: false }),
    /** Makes a pause that is on one that began so much earlier. */
    lengthenPause: (ms: number) =>
      replicas()
        .connection.collection('maintenance')
        .updateMany({ on: true }, [{ $set: { since: { $subtract: ['$since', ms] }, at: { $subtract: ['$at', ms] } } }]),
    listed: async (query: string): Promise<string[]> => (await call('GET', `/jobs?${query}`)).body.items.map(({ jobId }: Json) => jobId),
    typesOf: async (id: string): Promise<string[]> => (await get(id)).history.map((entry: Json) => entry.type),
    claim: async (): Promise<Json> => (await call('POST', '/jobs/claim', { worker: { id: 'w-1' }, operations: ['ADD'] })).body,
    sweep: () => Promise.all(replicas().replicas.flatMap((replica) => [watchOf(replica).sweep(), watchOf(replica).sweep()])),
  };
}

describe('jobs that are late', () => {
  let replicas: Replicas;
  const calls = callsOf(() => replicas);
  const { call, get, pause, resume, lengthenPause, listed, typesOf, claim, sweep } = calls;
  const overdueTold = async (id: string): Promise<number> => (await typesOf(id)).filter((type) => type === 'job.overdue.v1').length;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    replicas = await startReplicas(2, { JOBS_RESCUE_GRACE_SECONDS: '3600', JOBS_STALE_SECONDS: '1' });
  }, 60_000);
  afterAll(async () => replicas.stop(), 30_000);
  beforeEach(async () => {
    for (const name of ['inprogress', 'completed', 'maintenance']) await replicas.connection.collection(name).deleteMany({});
  });

  it('are told of once for a due time, however many look, and again for a new one', async () => {
    const { jobId } = await replicas.createJob({ dueAt: ago(1_000) });
    await sweep();
    expect(await overdueTold(jobId)).toBe(1);
    await call('PATCH', `/jobs/${jobId}`, { dueAt: ago(500) });
    await sweep();
    await sweep();
    expect(await overdueTold(jobId)).toBe(2);
    await eventually(async () => (await call('GET', `/events?subject=jobs/${jobId}&type=job.overdue`)).body.items.length === 2);
    expect((await get(jobId)).history[0]).toMatchObject({
      type: 'job.overdue.v1',
      from: 'queued',
      to: 'queued',
      actor: { role: 'system' },
    });
  });

  it('are late by the time outside maintenance since their due time was set', async () => {
    const { jobId: during } = await replicas.createJob({ dueAt: new Date(Date.now() + hourMs).toISOString() });
    await pause();
    await lengthenPause(2 * hourMs);
    const { jobId: before } = await replicas.createJob({ dueAt: ago(hourMs) });
    await resume();
    // As if the hour had passed since the first job was made.
    await replicas.connection
      .collection('inprogress')
      .updateMany({ _id: during as never }, { $set: { dueAt: new Date(Date.now() - hourMs) } });
    await sweep();
    expect(await get(during)).toMatchObject({ overdue: false });
    expect(await get(before)).toMatchObject({ overdue: true });
    expect([await listed('overdue=true'), await listed('overdue=false')]).toEqual([[before], [during]]);
    expect([await overdueTold(during), await overdueTold(before)]).toEqual([0, 1]);
    expect((await call('GET', `/jobs/${during}/explain`)).body).toMatchObject({ facts: { overdue: false } });
    await replicas.connection
      .collection('inprogress')
      .updateMany({ _id: during as never }, { $set: { dueAt: new Date(Date.now() - 3 * hourMs) } });
    await sweep();
    expect(await get(during)).toMatchObject({ overdue: true });
    expect(await listed('overdue=true&sort=createdAt')).toEqual([during, before]);
    expect(await overdueTold(during)).toBe(1);
  });

  it('become late while a pause goes on only where the due time had passed before it', async () => {
    const { jobId } = await replicas.createJob({ dueAt: new Date(Date.now() + hourMs).toISOString() });
    await pause();
    await lengthenPause(2 * hourMs);
    await replicas.connection.collection('inprogress').updateMany({}, { $set: { dueAt: new Date(Date.now() - hourMs) } });
    await sweep();
    expect(await get(jobId)).toMatchObject({ overdue: false });
    await call('PATCH', `/jobs/${jobId}`, { dueAt: ago(1_000) });
    await sweep();
    expect(await get(jobId)).toMatchObject({ overdue: true });
    expect(await overdueTold(jobId)).toBe(1);
  });

  it('are told of once, and never before their time outside maintenance is over, while the switch goes on and off', async () => {
    const count = 40;
    await Promise.all(
      Array.from({ length: count }, (_, index) => replicas.createJob({ dueAt: new Date(Date.now() + 200 + index * 25).toISOString() })),
    );
    let toggling = true;
    const toggles = (async () => {
      while (toggling) {
        await pause();
        await resume();
      }
    })();
    const told = () => replicas.connection.collection('inprogress').find().toArray() as Promise<Json[]>;
    const all = async (): Promise<boolean> => (await sweep(), (await told()).every(({ overdueTold }) => overdueTold !== null));
    await eventually(all, 60_000);
    toggling = false;
    await toggles;
    const records = (await replicas.connection.collection('maintenance').find().sort({ number: 1 }).toArray()) as Json[];
    expect(records.length).toBeGreaterThan(2);
    const pausedMsUntil = (at: Date): number =>
      records.reduce((sum, { on, at: from }, index) => {
        const to = Math.min(records[index + 1]?.at.getTime() ?? Infinity, at.getTime());
        return on && to > from.getTime() ? sum + to - from.getTime() : sum;
      }, 0);
    for (const job of await told()) {
      const { dueAt, duePausedMs } = job;
      const { items } = (await call('GET', `/jobs/${job._id}/events`)).body;
      const [event, ...others] = items.filter(({ type }: Json) => type === 'job.overdue.v1');
      expect(others).toEqual([]);
      const at = new Date(event.at);
      expect(at.getTime() - pausedMsUntil(at) + duePausedMs).toBeGreaterThan(dueAt.getTime());
    }
  }, 120_000);

  it('keep the budget of a run while maintenance is on', async () => {
    const { jobId } = await replicas.createJob({ runBudgetSeconds: 3_600, maxFailures: 1 });
    await claim();
    const spend = (ms: number) =>
      replicas.connection
        .collection('inprogress')
        .updateMany({}, [{ $set: { 'lease.budgetEndsAt': { $subtract: ['$$NOW', ms] }, 'lease.expiresAt': { $add: ['$$NOW', hourMs] } } }]);
    await pause();
    await lengthenPause(2 * hourMs);
    await spend(hourMs);
    await rescueOf(replicas.one).sweep();
    await resume();
    await rescueOf(replicas.one).sweep();
    expect(await get(jobId)).toMatchObject({ status: 'running' });
    await spend(3 * hourMs);
    await Promise.all(replicas.replicas.map((replica) => rescueOf(replica).sweep()));
    expect(await get(jobId)).toMatchObject({ status: 'failed', failures: 1, error: { code: 'RUN_BUDGET_EXCEEDED' } });
  });

  it('do not get the time of pauses before they were claimed', async () => {
    const { jobId } = await replicas.createJob({ runBudgetSeconds: 3_600, maxFailures: 1 });
    await pause();
    await lengthenPause(2 * hourMs);
    expect(await claim()).toMatchObject({ job: null, reason: 'maintenance' });
    await resume();
    await claim();
    await replicas.connection
      .collection('inprogress')
      .updateMany({}, [{ $set: { 'lease.budgetEndsAt': { $subtract: ['$$NOW', 1_000] } } }]);
    await rescueOf(replicas.one).sweep();
    expect(await get(jobId)).toMatchObject({ status: 'failed' });
  });

  it('are told of as silent once for a silence, and again after a sign of life', async () => {
    const { jobId } = await replicas.createJob();
    await replicas.one.compat('PUT', `/jobs/${jobId}`, { status: 'validating' });
    const staleTold = async (): Promise<number> => (await typesOf(jobId)).filter((type) => type === 'job.stale.v1').length;
    const silence = () =>
      replicas.connection.collection('inprogress').updateMany({}, [{ $set: { updatedAt: { $subtract: ['$updatedAt', 5_000] } } }]);
    expect(await get(jobId)).toMatchObject({ stale: false });
    await silence();
    await sweep();
    await sweep();
    expect(await staleTold()).toBe(1);
    expect(await get(jobId)).toMatchObject({ stale: true, status: 'running', phase: 'validating' });
    expect([await listed('stale=true'), await listed('stale=false')]).toEqual([[jobId], []]);
    await replicas.one.compat('PUT', `/jobs/${jobId}`, { log: 'still here' });
    expect(await get(jobId)).toMatchObject({ stale: false });
    await silence();
    await sweep();
    expect(await staleTold()).toBe(2);
    await eventually(async () => (await call('GET', `/events?subject=jobs/${jobId}&type=job.stale.v1`)).body.items.length === 2);
  });
});

describe('jobs that are late, where maintenance stops no clocks', () => {
  let replicas: Replicas;
  const { get, pause, resume, lengthenPause, listed, claim, sweep, typesOf } = callsOf(() => replicas);
  beforeAll(async () => {
    replicas = await startReplicas(1, { JOBS_RESCUE_GRACE_SECONDS: '3600', MAINTENANCE_STOPS_CLOCKS: 'false' });
  }, 60_000);
  afterAll(async () => replicas.stop(), 30_000);
  afterEach(async () => {
    for (const name of ['inprogress', 'completed', 'maintenance']) await replicas.connection.collection(name).deleteMany({});
  });

  it('are late by the plain clock', async () => {
    const { jobId } = await replicas.createJob({
      dueAt: new Date(Date.now() + hourMs).toISOString(),
      runBudgetSeconds: 60,
      maxFailures: 1,
    });
    await claim();
    await pause();
    await lengthenPause(2 * hourMs);
    await resume();
    await replicas.connection
      .collection('inprogress')
      .updateMany({}, { $set: { dueAt: new Date(Date.now() - 1_000), 'lease.budgetEndsAt': new Date(Date.now() - 1_000) } });
    await sweep();
    expect(await get(jobId)).toMatchObject({ overdue: true });
    expect(await listed('overdue=true')).toEqual([jobId]);
    expect(await typesOf(jobId)).toContain('job.overdue.v1');
    await rescueOf(replicas.one).sweep();
    expect(await get(jobId)).toMatchObject({ status: 'failed', overdue: false });
  });
});
