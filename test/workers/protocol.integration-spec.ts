import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, freshDataset, type Replicas, startReplicas } from './protocol-app.js';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are checked field by field */

let operations = 0;
/** Each test has an operation of its own, so that no test claims another's job. */
const extraOperations = Array.from({ length: 80 }, (_, index) => `OP_${index}`);

describe('the worker protocol', () => {
  let replicas: Replicas;
  const call = (path: string, body: unknown, role?: any): Promise<Answer> => replicas.one.call('POST', path, body, role);

  beforeAll(async () => {
    replicas = await startReplicas(1, {
      JOBS_EXTRA_OPERATIONS: extraOperations.join(','),
      JOBS_MIN_LEASE_SECONDS: '1',
      JOBS_RESCUE_GRACE_SECONDS: '0',
      JOBS_BACKOFF_SECONDS: '10',
    });
  }, 60_000);
  afterAll(async () => replicas.stop(), 30_000);

  const freshOperation = (): string => extraOperations[operations++]!;
  const claim = async (operation: string, fields: Record<string, unknown> = {}): Promise<any> => {
    const reply = await call('/jobs/claim', { worker: { id: 'w-1', version: '1.0' }, operations: [operation], ...fields }, 'worker');
    if (reply.status !== 200) throw new Error(JSON.stringify(reply.body));
    return reply.body;
  };
  /** A job that a worker holds. */
  const leased = async (job: Record<string, unknown> = {}, fields: Record<string, unknown> = {}) => {
    const operation = freshOperation();
    await replicas.createJob({ operation, ...job });
    const claimed = await claim(operation, fields);
    const id: string = claimed.job.jobId;
    const step = (name: string, body: object = {}, role: any = 'worker'): Promise<Answer> =>
      call(`/jobs/${id}/${name}`, { leaseToken: claimed.leaseToken, ...body }, role);
    return { operation, id, token: claimed.leaseToken as string, claimed, step };
  };
  const get = async (id: string): Promise<any> => (await replicas.one.call('GET', `/jobs/${id}`)).body;
  const typesOf = (job: any): string[] => job.history.map((entry: any) => entry.type).reverse();
  const error = { code: 'BAD_METADATA', message: 'no temporal coverage', details: { field: 'validFrom' } };

  describe('claim', () => {
    it('gives a queued job with a lease by the clock of the database', async () => {
      const { claimed, id } = await leased({}, { leaseSeconds: 60 });
      expect(claimed).toMatchObject({ heartbeatSeconds: 20, reason: null, detail: null, retryAfterSeconds: null });
      expect(claimed.leaseToken).toMatch(/^[\w-]{22}$/);
      expect(claimed.job).toMatchObject({ jobId: id, status: 'running', phase: null, percent: null, attempt: 1, lease: { workerId: 'w-1' } });
      const { claimedAt, expiresAt } = claimed.job.lease;
      expect(new Date(expiresAt).getTime() - new Date(claimedAt).getTime()).toBe(60_000);
      const job = await get(id);
      expect(JSON.stringify(job)).not.toContain(claimed.leaseToken);
      expect(job.attempts).toMatchObject([{ attempt: 1, workerId: 'w-1', endedAt: null, outcome: null, phases: [] }]);
      expect(typesOf(job)).toEqual(['job.created.v1', 'job.claimed.v1']);
    });

    it('answers `empty` without an error when there is nothing, at once or after the wait', async () => {
      const operation = freshOperation();
      expect(await claim(operation)).toMatchObject({ job: null, leaseToken: null, reason: 'empty', retryAfterSeconds: 1 });
      const before = performance.now();
      expect(await claim(operation, { waitSeconds: 1 })).toMatchObject({ job: null, reason: 'empty' });
      expect(performance.now() - before).toBeGreaterThan(900);
    });

    it('wakes one waiting claim when a job is created, and no second one', async () => {
      const operation = freshOperation();
      const waiting = [1, 2, 3].map(() => claim(operation, { waitSeconds: 3 }));
      await sleep(300);
      const before = performance.now();
      await replicas.createJob({ operation });
      const first = await Promise.race(waiting);
      expect(first.job).not.toBeNull();
      expect(performance.now() - before).toBeLessThan(1_000);
      const all = await Promise.all(waiting);
      expect(all.filter((each) => each.job !== null)).toHaveLength(1);
    }, 20_000);

    it('gives jobs in the order of their rank: priority, then age', async () => {
      const operation = freshOperation();
      const low = await replicas.createJob({ operation, priority: 'low' });
      const first = await replicas.createJob({ operation });
      const second = await replicas.createJob({ operation });
      const high = await replicas.createJob({ operation, priority: 'high' });
      const order = [];
      for (let index = 0; index < 4; index++) order.push((await claim(operation)).job.jobId);
      expect(order).toEqual([high.jobId, first.jobId, second.jobId, low.jobId]);
    });

    it('gives no job before its time', async () => {
      const operation = freshOperation();
      await replicas.createJob({ operation, notBefore: new Date(Date.now() + 60_000).toISOString() });
      expect(await claim(operation)).toMatchObject({ job: null, reason: 'empty' });
    });

    it('gives a repeat with the same claimId the same job and lease, also when both run at once', async () => {
      const operation = freshOperation();
      await replicas.createJob({ operation });
      await replicas.createJob({ operation });
      const same = await Promise.all([1, 2, 3, 4].map(() => claim(operation, { claimId: 'c-1' })));
      expect(new Set(same.map((each) => `${each.job.jobId} ${each.leaseToken} ${each.leaseExpiresAt}`)).size).toBe(1);
      const other = await claim(operation, { claimId: 'c-2' });
      expect(other.job.jobId).not.toBe(same[0].job.jobId);
      expect((await get(same[0].job.jobId)).attempt).toBe(1);
    });

    it("does not give one worker's lease to another that names the same claimId", async () => {
      const operation = freshOperation();
      await replicas.createJob({ operation });
      await claim(operation, { claimId: 'mine' });
      const other = await claim(operation, { claimId: 'mine', worker: { id: 'w-2' } });
      expect(other).toMatchObject({ job: null, reason: 'empty' });
    });

    it.each([
      ['an unknown operation', { operations: ['NO_SUCH'] }],
      ['no operation', { operations: [] }],
      ['a worker without id', { worker: {} }],
      ['a worker with a strange id', { worker: { id: 'a/b' } }],
      ['a lease that is too long', { leaseSeconds: 3_601 }],
      ['a lease below the setting', { leaseSeconds: 0 }],
      ['a wait that is too long', { waitSeconds: 31 }],
      ['an unknown field', { queue: 'fast' }],
      ['a claimId with a space', { claimId: 'a b' }],
    ])('refuses %s', async (_what, fields) => {
      const reply = await call('/jobs/claim', { worker: { id: 'w-1' }, operations: ['ADD'], ...fields }, 'worker');
      expect(reply).toMatchObject({ status: 400, body: { code: 'REQUEST.INVALID' } });
    });

    it('is for workers', async () => {
      const body = { worker: { id: 'w-1' }, operations: ['ADD'] };
      expect((await call('/jobs/claim', body, 'operator')).status).toBe(403);
      expect((await call('/jobs/claim', body, 'reader')).status).toBe(403);
    });
  });

  describe('heartbeat', () => {
    it('moves the lease; only a new phase or 5 % of progress is a change', async () => {
      const { id, step } = await leased();
      const start = await get(id);
      const beat = await step('heartbeat');
      expect(beat).toMatchObject({ status: 200, body: { version: start.version, control: { cancel: null, drain: null } } });
      expect((await step('heartbeat', { percent: 3 })).body.version).toBe(start.version);
      expect((await step('heartbeat', { percent: 4 })).body.version).toBe(start.version);
      expect((await step('heartbeat', { percent: 5 })).body.version).toBe(start.version + 1);
      expect((await step('heartbeat', { percent: 9 })).body.version).toBe(start.version + 1);
      expect((await step('heartbeat', { phase: 'validating', percent: 9 })).body.version).toBe(start.version + 2);
      expect((await step('heartbeat', { phase: 'validating', percent: 9 })).body.version).toBe(start.version + 2);
      expect((await step('heartbeat', { phase: 'importing', percent: 10 })).body.version).toBe(start.version + 3);
      const job = await get(id);
      expect(job).toMatchObject({ phase: 'importing', percent: 10 });
      expect(typesOf(job).slice(2)).toEqual(['job.progress.v1', 'job.phase.v1', 'job.phase.v1']);
      const [validating, importing] = job.attempts[0].phases;
      expect([validating.phase, importing.phase, importing.seconds]).toEqual(['validating', 'importing', null]);
      expect(validating.seconds).toBeGreaterThanOrEqual(0);
    });

    it('keeps the checkpoint for the next attempt', async () => {
      const { id, operation, step } = await leased();
      await step('heartbeat', { checkpoint: { chunk: 31, $set: 'x', 'a.b': 1 } });
      await step('release');
      const next = await claim(operation);
      expect(next.job).toMatchObject({ jobId: id, attempt: 2, checkpoint: { chunk: 31, $set: 'x', 'a.b': 1 } });
    });

    it('skips log lines that are stored already', async () => {
      const { id, step } = await leased();
      const log = async (): Promise<string[]> =>
        (await replicas.one.call('GET', `/jobs/${id}/log`)).body.items.map((line: any) => line.message);
      await step('heartbeat', { log: ['a', 'b'], logOffset: 0 });
      await step('heartbeat', { log: ['a', 'b'], logOffset: 0 });
      await step('heartbeat', { log: ['b', 'c'], logOffset: 1 });
      await step('heartbeat', { log: ['d'] });
      await step('heartbeat', { log: ['$version', 'e'], logOffset: 4 });
      expect(await log()).toEqual(['a', 'b', 'c', 'd', '$version', 'e']);
    });

    it('cuts lines at 4 KiB, says once when the log is full, and goes on', async () => {
      const { id, step } = await leased();
      for (let round = 0; round < 8; round++) {
        const reply = await step('heartbeat', { log: Array.from({ length: 10 }, () => 'é'.repeat(3_000)) });
        expect(reply.status).toBe(200);
      }
      const { items } = (await replicas.one.call('GET', `/jobs/${id}/log?limit=200`)).body;
      const sizes = items.slice(0, -1).map((line: any) => Buffer.byteLength(line.message));
      expect(Math.max(...sizes)).toBeLessThanOrEqual(4_096);
      expect(sizes.reduce((sum: number, size: number) => sum + size, 0)).toBeLessThanOrEqual(262_144);
      expect(items.at(-1).message).toBe('log full');
      expect(items.filter((line: any) => line.message === 'log full')).toHaveLength(1);
    });

    it.each([
      ['percent 900', { percent: 900 }],
      ['a broken percent', { percent: 1.5 }],
      ['the phase built', { phase: 'built' }],
      ['an unknown phase', { phase: 'sleeping' }],
      ['51 lines', { log: Array.from({ length: 51 }, () => 'x') }],
      ['a line that is no text', { log: [7] }],
      ['a checkpoint of 17 KiB', { checkpoint: { text: 'x'.repeat(17_000) } }],
      ['a checkpoint that is no object', { checkpoint: [1] }],
      ['a negative offset', { log: ['x'], logOffset: -1 }],
    ])('refuses %s and changes nothing', async (_what, body) => {
      const { id, step } = await leased();
      const before = await get(id);
      expect(await step('heartbeat', body)).toMatchObject({ status: 400, body: { code: 'REQUEST.INVALID' } });
      expect(await get(id)).toEqual(before);
    });

    it('refuses megabytes of log with 413', async () => {
      const { step } = await leased();
      const log = Array.from({ length: 50 }, () => 'x'.repeat(60_000));
      expect(await step('heartbeat', { log })).toMatchObject({ status: 413, body: { code: 'REQUEST.TOO_LARGE' } });
    });
  });

  describe('fencing', () => {
    it.each(['heartbeat', 'complete', 'fail', 'snooze', 'release'])('%s with a wrong token is LEASE_LOST and changes nothing', async (name) => {
      const { id } = await leased();
      const other = await leased();
      const before = await get(id);
      const body = { leaseToken: other.token, ...(name === 'fail' && { error }), ...(name === 'snooze' && { seconds: 5 }) };
      const reply = await call(`/jobs/${id}/${name}`, body, 'worker');
      expect(reply).toMatchObject({ status: 409, body: { code: 'JOBS.LEASE_LOST', attempt: null, current: { status: 'running' } } });
      expect(await get(id)).toEqual(before);
    });

    it('answers 404 for a job that is not there', async () => {
      const { token } = await leased();
      expect((await call('/jobs/no-such-job/heartbeat', { leaseToken: token }, 'worker')).status).toBe(404);
      expect((await call('/jobs/no-such-job/complete', { leaseToken: token }, 'worker')).status).toBe(404);
    });

    it('tells a fenced worker what became of its attempt', async () => {
      const { id, operation, step } = await leased();
      await call(`/jobs/${id}/release`, { reason: 'stuck' }, 'operator');
      await claim(operation, { worker: { id: 'w-2' } });
      const reply = await step('heartbeat');
      expect(reply).toMatchObject({ status: 409, body: { code: 'JOBS.LEASE_LOST', attempt: { attempt: 1, outcome: 'released' } } });
      expect(reply.body.detail).toContain('Attempt 1 was given back');
      expect(reply.body.detail).toContain('running on w-2');
    });
  });

  describe('complete', () => {
    it('ends the job with its result, and repeats its answer for the same call only', async () => {
      const { id, step } = await leased();
      const body = { result: { rows: 9 }, inputs: [], outputs: [{ namespace: 'store', name: 'ROAD_TRAFFIC', version: '2.1' }] };
      const done = await step('complete', body);
      expect(done).toMatchObject({ status: 200, body: { status: 'completed', percent: 100, result: { rows: 9 }, lease: null, error: null } });
      expect(done.body.attempts[0]).toMatchObject({ outcome: 'completed', workerId: 'w-1' });
      expect((await step('complete', body)).body).toEqual(done.body);
      expect(await step('complete', { result: { rows: 10 } })).toMatchObject({ status: 409, body: { code: 'JOBS.LEASE_LOST' } });
      expect(await step('heartbeat')).toMatchObject({ status: 409, body: { attempt: { outcome: 'completed' } } });
      const stored = await replicas.connection.collection('completed').findOne({ _id: id as never });
      expect(JSON.parse(stored!['outputs'] as string)).toEqual(body.outputs);
    });

    it('beats a requested cancel', async () => {
      const { id, step } = await leased();
      expect((await call(`/jobs/${id}/cancel`, { reason: 'not needed' }, 'operator')).status).toBe(202);
      expect((await step('heartbeat')).body.control.cancel).toEqual({ reason: 'not needed', by: 'operator' });
      expect((await step('complete')).body).toMatchObject({ status: 'completed' });
    });

    it('happens once for 20 calls at a time', async () => {
      const { step } = await leased();
      const replies = await Promise.all(Array.from({ length: 20 }, () => step('complete', { result: { n: 1 } })));
      expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
      expect(new Set(replies.map(({ body }) => `${body.version} ${body.finishedAt}`)).size).toBe(1);
    });
  });

  describe('fail', () => {
    it('waits for the next attempt, with the pause that the worker names', async () => {
      const { id, operation, step } = await leased({ maxFailures: 3 });
      const failed = await step('fail', { error, retryAfterSeconds: 100 });
      expect(failed.body).toMatchObject({ status: 'queued', failures: 1, lease: null, error: { code: 'BAD_METADATA', details: error.details } });
      expect(new Date(failed.body.notBefore).getTime() - new Date(failed.body.updatedAt).getTime()).toBe(100_000);
      expect(await claim(operation)).toMatchObject({ job: null });
      expect(typesOf(await get(id)).at(-1)).toBe('job.retrying.v1');
      expect((await step('fail', { error, retryAfterSeconds: 100 })).body).toEqual({ ...failed.body });
      expect((await step('fail', { error })).status).toBe(409);
    });

    it('backs off by doubled pauses with jitter of half to one and a half', async () => {
      const pauses: number[] = [];
      const { id, operation, step } = await leased({ maxFailures: 9 });
      let current = step;
      for (let failures = 0; failures < 4; failures++) {
        const { body } = await current('fail', { error });
        pauses.push((new Date(body.notBefore).getTime() - new Date(body.updatedAt).getTime()) / 1_000 / 2 ** failures);
        await replicas.one.call('PATCH', `/jobs/${id}`, { notBefore: null });
        const { leaseToken } = await claim(operation);
        current = (name, more) => call(`/jobs/${id}/${name}`, { leaseToken, ...more }, 'worker');
      }
      for (const pause of pauses) {
        expect(pause).toBeGreaterThanOrEqual(4.99);
        expect(pause).toBeLessThanOrEqual(15.01);
      }
      expect(new Set(pauses).size).toBeGreaterThan(1);
    });

    it('is final at maxFailures', async () => {
      const { step } = await leased({ maxFailures: 1 });
      const failed = await step('fail', { error });
      expect(failed.body).toMatchObject({ status: 'failed', failures: 1, error: { code: 'BAD_METADATA' }, attempts: [{ outcome: 'failed' }] });
      expect((await step('fail', { error })).body).toEqual(failed.body);
    });

    it('is final when it is not retryable', async () => {
      const { step } = await leased({ maxFailures: 5 });
      expect((await step('fail', { error, retryable: false })).body).toMatchObject({ status: 'failed', failures: 1 });
    });

    it('gives cancelled when somebody asked for that', async () => {
      const { id, step } = await leased({ maxFailures: 5 });
      await call(`/jobs/${id}/cancel`, { reason: 'wrong file' }, 'operator');
      expect((await step('fail', { error })).body).toMatchObject({ status: 'cancelled', error: null });
      const log = (await replicas.one.call('GET', `/jobs/${id}/log`)).body.items.map((line: any) => line.message);
      expect(log).toContain('Cancelled: wrong file');
    });

    it('wants an error with a token, and a reason without', async () => {
      const { id, step } = await leased();
      expect(await step('fail')).toMatchObject({ status: 400, body: { errors: [{ pointer: '/error' }] } });
      expect(await call(`/jobs/${id}/fail`, {}, 'operator')).toMatchObject({ status: 400, body: { errors: [{ pointer: '/reason' }] } });
    });
  });

  describe('snooze and release', () => {
    it('snoozes without a failure, until later', async () => {
      const { id, operation, step } = await leased();
      const { body } = await step('snooze', { seconds: 600, reason: 'source closed until 09:00' });
      expect(body).toMatchObject({ status: 'queued', snoozes: 1, failures: 0, losses: 0, attempts: [{ outcome: 'snoozed' }] });
      expect(new Date(body.notBefore).getTime() - new Date(body.updatedAt).getTime()).toBe(600_000);
      expect(await claim(operation)).toMatchObject({ job: null });
      expect(await step('snooze', { seconds: 600 })).toMatchObject({ status: 409, body: { code: 'JOBS.LEASE_LOST' } });
      expect((await get(id)).history[0]).toMatchObject({ type: 'job.snoozed.v1', reason: 'source closed until 09:00' });
    });

    it('releases without a failure, for the next claim', async () => {
      const { id, operation, step } = await leased();
      await step('heartbeat', { phase: 'validating', percent: 40 });
      expect((await step('release')).body).toMatchObject({ status: 'queued', phase: null, percent: null, failures: 0, losses: 0 });
      expect(await step('release')).toMatchObject({ status: 409, body: { code: 'JOBS.LEASE_LOST' } });
      expect((await claim(operation)).job).toMatchObject({ jobId: id, attempt: 2 });
    });

    it.each(['snooze', 'release'])('%s gives cancelled when somebody asked for that', async (name) => {
      const { id, step } = await leased();
      await call(`/jobs/${id}/cancel`, { reason: 'no longer' }, 'operator');
      expect((await step(name, name === 'snooze' ? { seconds: 5 } : {})).body).toMatchObject({ status: 'cancelled' });
    });
  });

  describe('operators', () => {
    it('release a running job and fence its holder', async () => {
      const { id, step } = await leased();
      const { body } = await call(`/jobs/${id}/release`, { reason: 'worker hangs' }, 'operator');
      expect(body).toMatchObject({ status: 'queued', failures: 0, losses: 0, lease: null });
      expect((await step('complete')).body).toMatchObject({ code: 'JOBS.LEASE_LOST' });
      expect((await get(id)).history[0]).toMatchObject({ type: 'job.released.v1', reason: 'worker hangs', actor: { role: 'operator' } });
    });

    it('fail a running job for good', async () => {
      const { id, step } = await leased({ maxFailures: 9 });
      const { body } = await call(`/jobs/${id}/fail`, { reason: 'bad input' }, 'operator');
      expect(body).toMatchObject({ status: 'failed', error: { code: 'FAILED_BY_OPERATOR', message: 'bad input' } });
      expect((await step('heartbeat')).body).toMatchObject({ code: 'JOBS.LEASE_LOST', attempt: { outcome: 'failed' } });
    });

    it('J-20: release and fail stuck jobs of old workers', async () => {
      const target = freshDataset();
      const job = await replicas.createJob({ datasetName: target });
      await replicas.one.compat('PUT', `/jobs/${job.jobId}`, { status: 'validating' });
      expect((await call(`/jobs/${job.jobId}/release`, { reason: 'worker died' }, 'operator')).body).toMatchObject({ status: 'queued' });
      await replicas.one.compat('PUT', `/jobs/${job.jobId}`, { status: 'validating' });
      expect((await call(`/jobs/${job.jobId}/fail`, { reason: 'poison' }, 'operator')).body).toMatchObject({ status: 'failed' });
    });

    it('are told when the job does not run', async () => {
      const job = await replicas.createJob();
      for (const name of ['release', 'fail']) {
        const reply = await call(`/jobs/${job.jobId}/${name}`, { reason: 'x' }, 'operator');
        expect(reply).toMatchObject({ status: 409, body: { code: 'JOBS.NOT_RUNNING', current: { status: 'queued' } } });
      }
      await call(`/jobs/${job.jobId}/cancel`, { reason: 'x' }, 'operator');
      expect((await call(`/jobs/${job.jobId}/fail`, { reason: 'x' }, 'operator')).body.code).toBe('JOBS.NOT_RUNNING');
      expect((await call(`/jobs/no-such/fail`, { reason: 'x' }, 'operator')).status).toBe(404);
    });

    it('need their role, and workers theirs', async () => {
      const { id, token } = await leased();
      expect((await call(`/jobs/${id}/release`, { reason: 'x' }, 'worker')).status).toBe(403);
      expect((await call(`/jobs/${id}/release`, { leaseToken: token }, 'operator')).status).toBe(403);
      expect((await call(`/jobs/${id}/release`, { leaseToken: token }, ['worker', 'operator'])).status).toBe(200);
    });

    it('cancel by force at once, and fence the holder', async () => {
      const { id, step } = await leased();
      expect((await call(`/jobs/${id}/cancel`, { reason: 'now', force: true }, 'operator')).body).toMatchObject({ status: 'cancelled' });
      expect((await step('complete')).body).toMatchObject({ code: 'JOBS.LEASE_LOST', attempt: { outcome: 'cancelled' } });
    });
  });

  describe('old routes', () => {
    it('J-5: refuse a status of a job that a lease protects, and take its log lines', async () => {
      const job = await replicas.createJob();
      const { leaseToken } = await claim('ADD');
      const status = await replicas.one.compat('PUT', `/jobs/${job.jobId}`, { status: 'failed' });
      expect(status.status).toBe(409);
      expect((await replicas.one.compat('PUT', `/jobs/${job.jobId}`, { log: 'a word' })).status).toBe(200);
      expect((await call(`/jobs/${job.jobId}/complete`, { leaseToken }, 'worker')).body).toMatchObject({ status: 'completed' });
    });

    it('J-5, J-20: fail a job that was put back more often than allowed', async () => {
      const job = await replicas.createJob();
      const put = (status: string) => replicas.one.compat('PUT', `/jobs/${job.jobId}`, { status });
      for (let round = 0; round < 10; round++) {
        await put('initiated');
        expect((await put('queued')).status).toBe(200);
      }
      expect(await get(job.jobId)).toMatchObject({ status: 'queued', losses: 10 });
      await put('validating');
      expect((await put('queued')).status).toBe(200);
      expect(await get(job.jobId)).toMatchObject({ status: 'failed', error: { code: 'REQUEUED_TOO_OFTEN' } });
      expect((await put('initiated')).status).toBe(404);
    });
  });
});
