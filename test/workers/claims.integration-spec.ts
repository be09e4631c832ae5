import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { systemCaller } from '../../src/common/caller.js';
import { ClaimsService } from '../../src/jobs/protocol/claims.service.js';
import type { Json } from './protocol-app.js';
import { useProtocol } from './protocol-calls.js';

describe('claims and heartbeats', () => {
  const protocol = useProtocol();
  const { call, claim, freshOperation, get, leased, logOf, typesOf } = protocol;

  describe('claim', () => {
    it('gives a queued job with a lease by the clock of the database', async () => {
      const { claimed, id } = await leased({}, { leaseSeconds: 60 });
      expect(claimed).toMatchObject({ heartbeatSeconds: 20, reason: null, detail: null, retryAfterSeconds: null });
      expect(claimed.leaseToken).toMatch(/^[\w-]{22}$/);
      expect(claimed.job).toMatchObject({
        jobId: id,
        status: 'running',
        phase: null,
        percent: null,
        attempt: 1,
        lease: { workerId: 'w-1' },
      });
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
      await protocol.replicas.createJob({ operation });
      const first = await Promise.race(waiting);
      expect(first.job).not.toBeNull();
      expect(performance.now() - before).toBeLessThan(1_000);
      const all = await Promise.all(waiting);
      expect(all.filter((each) => each.job !== null)).toHaveLength(1);
    }, 20_000);

    it('gives jobs in the order of their rank: priority, then age', async () => {
      const operation = freshOperation();
      const low = await protocol.replicas.createJob({ operation, priority: 'low' });
      const first = await protocol.replicas.createJob({ operation });
      const second = await protocol.replicas.createJob({ operation });
      const high = await protocol.replicas.createJob({ operation, priority: 'high' });
      const order = [];
      for (let index = 0; index < 4; index++) order.push((await claim(operation)).job.jobId);
      expect(order).toEqual([high.jobId, first.jobId, second.jobId, low.jobId]);
    });

    it('gives no job before its time', async () => {
      const operation = freshOperation();
      await protocol.replicas.createJob({ operation, notBefore: new Date(Date.now() + 60_000).toISOString() });
      expect(await claim(operation)).toMatchObject({ job: null, reason: 'empty' });
    });

    it('gives a repeat with the same claimId the same job and lease, also when both run at once', async () => {
      const operation = freshOperation();
      await protocol.replicas.createJob({ operation });
      await protocol.replicas.createJob({ operation });
      const same = await Promise.all([1, 2, 3, 4].map(() => claim(operation, { claimId: 'c-1' })));
      expect(new Set(same.map((each) => `${each.job.jobId} ${each.leaseToken} ${each.leaseExpiresAt}`)).size).toBe(1);
      const other = await claim(operation, { claimId: 'c-2' });
      expect(other.job.jobId).not.toBe(same[0].job.jobId);
      expect((await get(same[0].job.jobId)).attempt).toBe(1);
    });

    it('does not take back a lease that a repeat of the claim was told of, when the first caller has gone', async () => {
      const operation = freshOperation();
      const claims = protocol.replicas.one.get(ClaimsService);
      const request = { workerId: 'w-1', workerVersion: null, operations: [operation], leaseSeconds: 60, waitSeconds: 0 };
      let told = 0;
      for (let round = 0; round < 60; round++) {
        const { jobId } = await protocol.replicas.createJob({ operation });
        const again = { ...request, claimId: `gone-${round}` };
        const gone = AbortSignal.abort();
        const [, ...repeats] = await Promise.all([
          claims.claim(again, systemCaller('first'), gone),
          sleep(round % 6).then(() => claims.claim(again, systemCaller('again'), new AbortController().signal)),
          sleep(round % 4).then(() => claims.claim(again, systemCaller('again'), new AbortController().signal)),
        ]);
        for (const outcome of repeats) {
          if (!('job' in outcome)) continue;
          told += 1;
          const held = await call(`/jobs/${jobId}/heartbeat`, { leaseToken: outcome.lease.token }, 'worker');
          expect([round, held.status]).toEqual([round, 200]);
        }
        await call(`/jobs/${jobId}/cancel`, { reason: 'next', force: true }, 'operator');
      }
      expect(told).toBeGreaterThan(0);
    }, 60_000);

    it("does not give one worker's lease to another that names the same claimId", async () => {
      const operation = freshOperation();
      await protocol.replicas.createJob({ operation });
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
      await step('heartbeat', { log: ['a', 'b'], logOffset: 0 });
      await step('heartbeat', { log: ['a', 'b'], logOffset: 0 });
      await step('heartbeat', { log: ['b', 'c'], logOffset: 1 });
      await step('heartbeat', { log: ['d'] });
      await step('heartbeat', { log: ['$version', 'e'], logOffset: 4 });
      expect(await logOf(id)).toEqual(['a', 'b', 'c', 'd', '$version', 'e']);
    });

    it('cuts lines at 4 KiB, says once when the log is full, and goes on', async () => {
      const { id, step } = await leased();
      for (let round = 0; round < 8; round++) {
        const reply = await step('heartbeat', { log: Array.from({ length: 10 }, () => 'é'.repeat(3_000)) });
        expect(reply.status).toBe(200);
      }
      const { items } = (await protocol.replicas.one.call('GET', `/jobs/${id}/log?limit=200`)).body;
      const sizes = items.slice(0, -1).map((line: Json) => Buffer.byteLength(line.message));
      expect(Math.max(...sizes)).toBeLessThanOrEqual(4_096);
      expect(sizes.reduce((sum: number, size: number) => sum + size, 0)).toBeLessThanOrEqual(262_144);
      expect(items.at(-1).message).toBe('log full');
      expect(items.filter((line: Json) => line.message === 'log full')).toHaveLength(1);
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
});
