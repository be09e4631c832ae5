import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { SETTINGS, type Settings } from '../../src/config/settings.js';
import { JobClock } from '../../src/jobs/job-clock.js';
import { JobsStore } from '../../src/jobs/jobs.store.js';
import { JobRequeues } from '../../src/jobs/protocol/job-requeues.js';
import { JobRescue } from '../../src/jobs/protocol/job-rescue.js';
import { LeasesStore } from '../../src/jobs/protocol/leases.store.js';
import { Metrics } from '../../src/observability/index.js';
import { type Json, type Replica, type Replicas, startReplicas } from './protocol-app.js';

/** A rescue beside that of the application, which waits for an hour of grace. */
function rescueOf(replica: Replica, settings: Partial<Settings> = {}, leases: LeasesStore = replica.get(LeasesStore)): JobRescue {
  const all = { ...replica.app.get<Settings>(SETTINGS), jobsRescueGraceSeconds: 0, ...settings };
  return new JobRescue(leases, replica.get(JobsStore), replica.get(JobRequeues), replica.get(Metrics), replica.get(JobClock), all);
}

describe('rescue', () => {
  let replicas: Replicas;
  const call = (path: string, body: unknown): Promise<Json> => replicas.one.call('POST', path, body);
  const get = async (id: string): Promise<Json> => (await replicas.one.call('GET', `/jobs/${id}`)).body;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    replicas = await startReplicas(2, { JOBS_RESCUE_GRACE_SECONDS: '3600', JOBS_EXTRA_OPERATIONS: 'OTHER' });
  }, 60_000);
  afterAll(async () => replicas.stop(), 30_000);
  beforeEach(async () => {
    for (const name of ['inprogress', 'completed']) await replicas.connection.collection(name).deleteMany({});
  });

  /** Jobs under leases. */
  const leased = async (count: number, fields: Record<string, unknown> = {}): Promise<{ id: string; token: string }[]> => {
    await Promise.all(Array.from({ length: count }, () => replicas.createJob(fields)));
    const claims = Array.from({ length: count }, (_, index) => call('/jobs/claim', { worker: { id: `w-${index}` }, operations: ['ADD'] }));
    return (await Promise.all(claims)).map(({ body }) => ({ id: body.job.jobId, token: body.leaseToken }));
  };
  const endLeases = (ids: readonly string[], field = 'expiresAt') =>
    replicas.connection
      .collection('inprogress')
      .updateMany({ _id: { $in: ids as never[] } }, [{ $set: { [`lease.${field}`]: { $subtract: ['$$NOW', 1_000] } } }]);
  const endLease = (id: string, field?: string) => endLeases([id], field);

  it('puts a job back whose lease has ended, and counts the loss', async () => {
    const [job] = await leased(1);
    await rescueOf(replicas.one).sweep();
    expect(await get(job!.id)).toMatchObject({ status: 'running' });
    await endLease(job!.id);
    await rescueOf(replicas.one).sweep();
    const rescued = await get(job!.id);
    expect(rescued).toMatchObject({ status: 'queued', lease: null, losses: 1, failures: 0, attempts: [{ outcome: 'lost' }] });
    expect(rescued.history[0]).toMatchObject({ type: 'job.lost.v1', actor: { role: 'system' } });
    const late = await call(`/jobs/${job!.id}/complete`, { leaseToken: job!.token });
    expect(late).toMatchObject({ status: 409, body: { code: 'JOBS.LEASE_LOST', attempt: { outcome: 'lost' } } });
  });

  it('leaves an ended lease good as long as nobody took it', async () => {
    const [job] = await leased(1);
    await endLease(job!.id);
    expect((await call(`/jobs/${job!.id}/heartbeat`, { leaseToken: job!.token })).status).toBe(200);
    await rescueOf(replicas.one).sweep();
    expect(await get(job!.id)).toMatchObject({ status: 'running', losses: 0 });
    await endLease(job!.id);
    expect((await call(`/jobs/${job!.id}/complete`, { leaseToken: job!.token })).body).toMatchObject({ status: 'completed' });
  });

  it('fails a job that was lost more often than allowed', async () => {
    const [job] = await leased(1);
    for (let losses = 1; losses <= 3; losses++) {
      await endLease(job!.id);
      await rescueOf(replicas.one).sweep();
      expect(await get(job!.id)).toMatchObject({ status: 'queued', losses });
      await call('/jobs/claim', { worker: { id: 'w-0' }, operations: ['ADD'] });
    }
    await endLease(job!.id);
    await rescueOf(replicas.one).sweep();
    expect(await get(job!.id)).toMatchObject({ status: 'failed', losses: 4, error: { code: 'LOST_TOO_OFTEN' } });
  });

  it('cancels a lost job where somebody asked for that', async () => {
    const [job] = await leased(1);
    await call(`/jobs/${job!.id}/cancel`, { reason: 'not needed' });
    await endLease(job!.id);
    await rescueOf(replicas.one).sweep();
    expect(await get(job!.id)).toMatchObject({ status: 'cancelled' });
  });

  it('ends a run that is over its budget, as a failure', async () => {
    const [job] = await leased(1, { runBudgetSeconds: 30, maxFailures: 2 });
    await rescueOf(replicas.one).sweep();
    expect(await get(job!.id)).toMatchObject({ status: 'running' });
    await endLease(job!.id, 'budgetEndsAt');
    await rescueOf(replicas.one).sweep();
    const late = await get(job!.id);
    expect(late).toMatchObject({ status: 'queued', failures: 1, losses: 0, error: { code: 'RUN_BUDGET_EXCEEDED' } });
    expect(late.notBefore).not.toBeNull();
    await replicas.one.call('PATCH', `/jobs/${job!.id}`, { notBefore: null });
    await call('/jobs/claim', { worker: { id: 'w-0' }, operations: ['ADD'] });
    await endLease(job!.id, 'budgetEndsAt');
    await rescueOf(replicas.one).sweep();
    expect(await get(job!.id)).toMatchObject({ status: 'failed', failures: 2 });
  });

  it('loses each job once, however many replicas sweep at a time', async () => {
    const jobs = await leased(9);
    await endLeases(jobs.map(({ id }) => id));
    await Promise.all(Array.from({ length: 12 }, (_, index) => rescueOf(replicas.replicas[index % 2]!).sweep()));
    for (const { id } of jobs) expect(await get(id)).toMatchObject({ status: 'queued', losses: 1, attempt: 1 });
  });

  it('has one outcome for a job that is completed while it is rescued', async () => {
    for (let round = 0; round < 10; round++) {
      const [job] = await leased(1);
      await endLease(job!.id);
      const [reply] = await Promise.all([
        call(`/jobs/${job!.id}/complete`, { leaseToken: job!.token }),
        ...replicas.replicas.map((replica) => rescueOf(replica).sweep()),
      ]);
      const after = await get(job!.id);
      expect([reply.status, after.status]).toEqual(reply.status === 200 ? [200, 'completed'] : [409, 'queued']);
      await call(`/jobs/${job!.id}/cancel`, { reason: 'next round' });
    }
  });

  it('waits one lease period more when more than half of ten leases end at a time, and does not count them', async () => {
    const jobs = await leased(10);
    await endLeases(jobs.slice(0, 6).map(({ id }) => id));
    await Promise.all(replicas.replicas.map((replica) => rescueOf(replica).sweep()));
    for (const { id } of jobs) expect(await get(id)).toMatchObject({ status: 'running', losses: 0 });
    expect((await call(`/jobs/${jobs[0]!.id}/heartbeat`, { leaseToken: jobs[0]!.token })).status).toBe(200);
    await endLeases(jobs.slice(0, 6).map(({ id }) => id));
    await rescueOf(replicas.one).sweep();
    for (const { id } of jobs.slice(1, 6))
      expect(await get(id)).toMatchObject({ status: 'queued', losses: 0, attempts: [{ outcome: 'lost' }] });
    expect(await get(jobs[0]!.id)).toMatchObject({ status: 'running' });
  });

  it('rescues at once when half of ten leases end, or six of nine', async () => {
    const jobs = await leased(10);
    await endLeases(jobs.slice(0, 5).map(({ id }) => id));
    await rescueOf(replicas.one).sweep();
    for (const { id } of jobs.slice(0, 5)) expect(await get(id)).toMatchObject({ status: 'queued', losses: 1 });
    await replicas.connection.collection('inprogress').deleteMany({});
    const fewer = await leased(9);
    await endLeases(fewer.slice(0, 6).map(({ id }) => id));
    await rescueOf(replicas.one).sweep();
    for (const { id } of fewer.slice(0, 6)) expect(await get(id)).toMatchObject({ status: 'queued', losses: 1 });
  });

  it('leaves everybody alone for the grace time after the start, and after an outage of the database', async () => {
    const [job] = await leased(1);
    await endLease(job!.id);
    const leases = Object.create(replicas.one.get(LeasesStore)) as LeasesStore;
    const rescue = rescueOf(replicas.one, { jobsRescueGraceSeconds: 0.2 }, leases);
    await rescue.sweep();
    expect(await get(job!.id)).toMatchObject({ status: 'running' });
    await new Promise((resolve) => setTimeout(resolve, 250));
    const original = leases.listEnded.bind(leases);
    const { MongoNetworkError } = (await import('mongoose')).default.mongo;
    leases.listEnded = () => Promise.reject(new MongoNetworkError('away'));
    await expect(rescue.sweep()).rejects.toThrow('away');
    leases.listEnded = original;
    await rescue.sweep();
    expect(await get(job!.id)).toMatchObject({ status: 'running' });
    await new Promise((resolve) => setTimeout(resolve, 250));
    await rescue.sweep();
    expect(await get(job!.id)).toMatchObject({ status: 'queued' });
  });
});
