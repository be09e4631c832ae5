import { describe, expect, it } from '@jest/globals';
import { freshDataset } from './protocol-app.js';
import { useProtocol } from './protocol-calls.js';

describe('ends of leases', () => {
  const protocol = useProtocol();
  const { call, claim, get, leased, logOf, typesOf } = protocol;

  const error = { code: 'BAD_METADATA', message: 'no temporal coverage', details: { field: 'validFrom' } };

  describe('fencing', () => {
    it.each(['heartbeat', 'complete', 'fail', 'snooze', 'release'])(
      '%s with a wrong token is LEASE_LOST and changes nothing',
      async (name) => {
        const { id } = await leased();
        const other = await leased();
        const before = await get(id);
        const body = { leaseToken: other.token, ...(name === 'fail' && { error }), ...(name === 'snooze' && { seconds: 5 }) };
        const reply = await call(`/jobs/${id}/${name}`, body, 'worker');
        expect(reply).toMatchObject({ status: 409, body: { code: 'JOBS.LEASE_LOST', attempt: null, current: { status: 'running' } } });
        expect(await get(id)).toEqual(before);
      },
    );

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
      expect(done).toMatchObject({
        status: 200,
        body: { status: 'completed', percent: 100, result: { rows: 9 }, lease: null, error: null },
      });
      expect(done.body.attempts[0]).toMatchObject({ outcome: 'completed', workerId: 'w-1' });
      expect((await step('complete', body)).body).toEqual(done.body);
      expect(await step('complete', { result: { rows: 10 } })).toMatchObject({ status: 409, body: { code: 'JOBS.LEASE_LOST' } });
      expect(await step('heartbeat')).toMatchObject({ status: 409, body: { attempt: { outcome: 'completed' } } });
      const stored = await protocol.replicas.connection.collection('completed').findOne({ _id: id as never });
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
      expect(failed.body).toMatchObject({
        status: 'queued',
        failures: 1,
        lease: null,
        error: { code: 'BAD_METADATA', details: error.details },
      });
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
        await protocol.replicas.one.call('PATCH', `/jobs/${id}`, { notBefore: null });
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
      expect(failed.body).toMatchObject({
        status: 'failed',
        failures: 1,
        error: { code: 'BAD_METADATA' },
        attempts: [{ outcome: 'failed' }],
      });
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
      expect(await logOf(id)).toContain('Cancelled: wrong file');
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
      const job = await protocol.replicas.createJob({ datasetName: target });
      await protocol.replicas.one.compat('PUT', `/jobs/${job.jobId}`, { status: 'validating' });
      expect((await call(`/jobs/${job.jobId}/release`, { reason: 'worker died' }, 'operator')).body).toMatchObject({ status: 'queued' });
      await protocol.replicas.one.compat('PUT', `/jobs/${job.jobId}`, { status: 'validating' });
      expect((await call(`/jobs/${job.jobId}/fail`, { reason: 'poison' }, 'operator')).body).toMatchObject({ status: 'failed' });
    });

    it('are told when the job does not run', async () => {
      const job = await protocol.replicas.createJob();
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
      const job = await protocol.replicas.createJob();
      const { leaseToken } = await claim('ADD');
      const status = await protocol.replicas.one.compat('PUT', `/jobs/${job.jobId}`, { status: 'failed' });
      expect(status.status).toBe(409);
      expect((await protocol.replicas.one.compat('PUT', `/jobs/${job.jobId}`, { log: 'a word' })).status).toBe(200);
      expect((await call(`/jobs/${job.jobId}/complete`, { leaseToken }, 'worker')).body).toMatchObject({ status: 'completed' });
    });

    it('J-5, J-20: fail a job that was put back more often than allowed', async () => {
      const job = await protocol.replicas.createJob();
      const put = (status: string) => protocol.replicas.one.compat('PUT', `/jobs/${job.jobId}`, { status });
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
