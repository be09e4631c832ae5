import { describe, expect, it } from '@jest/globals';
import { bump, freshTarget } from '../support/compat-client.js';
import { useService } from '../support/use-service.js';

const running = [
  'initiated',
  'validating',
  'decrypting',
  'transforming',
  'pseudonymizing',
  'enriching',
  'converting',
  'partitioning',
  'built',
  'importing',
];

describe('GET /jobs/{jobId} (contract 4.3)', () => {
  const file = useService({ env: { COMPAT_AUTH: 'reference', JWT_AUTH: 'false', BUMP_ENABLED: 'true' } });

  it.each(['unknown', '7b0c6a52-6f0e-4d8e-9f5f-0d5f1a9d3c11', '17', '$ne', 'a b', '*', '507f1f77bcf86cd799439011'])(
    'answers 404 to the id %j, never 400',
    async (id) => {
      const reply = await file.http.get(`/jobs/${encodeURIComponent(id)}`);
      expect([reply.status, reply.json()]).toEqual([404, { message: `No job found for jobId: ${id}` }]);
    },
  );

  it('answers with the job, before and after its end', async () => {
    const target = freshTarget();
    const id = await file.compat.create(target);
    expect(await file.compat.job(id)).toMatchObject({ jobId: id, status: 'queued', parameters: { target } });
    await file.compat.walk(id, 'initiated', 'completed');
    expect(await file.compat.job(id)).toMatchObject({ jobId: id, status: 'completed', parameters: { target } });
  });

  describe('PUT /jobs/{jobId} (contract 4.4)', () => {
    it('answers with a message, not with the job', async () => {
      const id = await file.compat.create(freshTarget());
      const reply = await file.compat.tryUpdate(id, { status: 'initiated' });
      expect([reply.status, reply.json()]).toEqual([200, { message: `Updated job with jobId ${id}` }]);
    });

    it.each(running)('sets the status %s and writes it to the log', async (status) => {
      const id = await file.compat.create(freshTarget());
      await file.compat.walk(id, status);
      expect(await file.compat.job(id)).toMatchObject({ status, log: [{ message: `Set status: ${status}` }] });
    });

    it('writes the status, then the text, with one time', async () => {
      const id = await file.compat.create(freshTarget());
      await file.compat.update(id, { status: 'initiated', log: 'picked up' });
      const { log } = await file.compat.job(id);
      expect(log.map((entry) => entry.message)).toEqual(['Set status: initiated', 'picked up']);
      expect(log[0]?.at).toBe(log[1]?.at);
    });

    it('sets the description and says so in the log', async () => {
      const id = await file.compat.create(freshTarget());
      await file.compat.update(id, { description: 'Traffic by road' });
      const job = await file.compat.job(id);
      expect([job.status, job.parameters.description, job.log.map((entry) => entry.message)]).toEqual([
        'queued',
        'Traffic by road',
        ['Added update description'],
      ]);
    });

    it('applies status, description and log of one body, in this order of entries: description, status, log', async () => {
      const id = await file.compat.create(freshTarget());
      await file.compat.update(id, { status: 'validating', description: 'both', log: 'and text' });
      const job = await file.compat.job(id);
      expect([job.status, job.parameters.description]).toEqual(['validating', 'both']);
      expect(await file.compat.logOf(id)).toEqual(['Added update description', 'Set status: validating', 'and text']);
    });

    it('writes only the text for a body with a log alone, no empty entry', async () => {
      const id = await file.compat.create(freshTarget());
      await file.compat.update(id, { log: 'alone' });
      expect([(await file.compat.job(id)).status, await file.compat.logOf(id)]).toEqual(['queued', ['alone']]);
    });

    it('keeps the parameters of a BUMP over a description', async () => {
      const id = await file.compat.createItem(bump({ A: 'DRAFT' }));
      await file.compat.update(id, { description: 'changed' });
      expect((await file.compat.job(id)).parameters).toEqual(bump({ A: 'DRAFT' }, { description: 'changed' }));
      await file.compat.walk(id, 'failed');
    });

    it('takes null for absent', async () => {
      const id = await file.compat.create(freshTarget());
      await file.compat.update(id, { status: 'initiated', description: null, log: null });
      expect(await file.compat.logOf(id)).toEqual(['Set status: initiated']);
    });

    it.each([{}, { status: null }, { status: null, description: null, log: null }])('answers 400 to the empty body %j', async (body) => {
      const id = await file.compat.create(freshTarget());
      const reply = await file.compat.tryUpdate(id, body);
      expect([reply.status, typeof reply.json<{ message: unknown }>().message]).toEqual([400, 'string']);
      expect(await file.compat.logOf(id)).toEqual([]);
    });

    it.each([
      { status: 'running' },
      { status: 'COMPLETED' },
      { status: '' },
      { status: 7 },
      { status: true },
      { description: 7 },
      { log: ['text'] },
      { log: { text: 'x' } },
      { status: 'initiated', percent: 5 },
      { jobId: 'other' },
      { parameters: {} },
    ])('answers 400 to %j and changes nothing', async (body) => {
      const id = await file.compat.create(freshTarget());
      const reply = await file.compat.tryUpdate(id, body);
      expect(reply.status).toBe(400);
      expect(reply.json<{ message: string }>().message).toContain('validation error for UpdateJobRequest');
      expect(await file.compat.job(id)).toMatchObject({ status: 'queued', log: [] });
    });

    it('allows going backwards and repeating a status while the job is in progress', async () => {
      const id = await file.compat.create(freshTarget());
      const path = ['initiated', 'initiated', 'importing', 'built', 'importing', 'queued', 'queued', 'initiated', 'decrypting'];
      await file.compat.walk(id, ...path);
      expect(await file.compat.logOf(id)).toEqual(path.map((status) => `Set status: ${status}`));
      expect((await file.compat.job(id)).status).toBe('decrypting');
    });

    it.each(['completed', 'failed'])('ends the job with %s, also straight from the queue', async (status) => {
      const target = freshTarget();
      const id = await file.compat.create(target);
      await file.compat.update(id, { status, log: 'at last' });
      expect(await file.compat.job(id)).toMatchObject({ status, log: [{ message: `Set status: ${status}` }, { message: 'at last' }] });
      expect(await file.compat.list(`/jobs?ignoreCompleted=true`)).not.toContainEqual(expect.objectContaining({ jobId: id }));
    });

    it('keeps log, description and creator over the end of the job', async () => {
      const id = await file.compat.create(freshTarget(), 'CHANGE');
      const before = await file.compat.job(id);
      await file.compat.update(id, { description: 'kept' });
      await file.compat.walk(id, 'initiated', 'built', 'importing', 'completed');
      expect(await file.compat.job(id)).toMatchObject({
        status: 'completed',
        parameters: { ...before.parameters, description: 'kept' },
        createdAt: before.createdAt,
        createdBy: before.createdBy,
      });
      const statuses = ['initiated', 'built', 'importing', 'completed'].map((status) => `Set status: ${status}`);
      expect(await file.compat.logOf(id)).toEqual(['Added update description', ...statuses]);
    });

    it.each(['completed', 'failed'])('answers 404 once the job is %s, whatever the body, and changes nothing', async (status) => {
      const id = await file.compat.create(freshTarget());
      await file.compat.walk(id, status);
      const before = (await file.http.get(`/jobs/${id}`)).text;
      for (const body of [
        { status: 'completed' },
        { status: 'failed' },
        { status: 'initiated' },
        { description: 'late' },
        { log: 'late' },
      ]) {
        const reply = await file.compat.tryUpdate(id, body);
        expect([reply.status, reply.json()]).toEqual([404, { message: `Could not find job with id ${id}` }]);
      }
      expect((await file.http.get(`/jobs/${id}`)).text).toBe(before);
    });

    it('answers 404 for an unknown job', async () => {
      const reply = await file.compat.tryUpdate('unknown', { status: 'initiated' });
      expect([reply.status, reply.json()]).toEqual([404, { message: 'Could not find job with id unknown' }]);
    });

    it('keeps text that looks like an expression or an escape as it is', async () => {
      const id = await file.compat.create(freshTarget());
      const odd = ['$status', '$$NOW', '{"$set":{}}', 'tab\there', 'línea\nnueva', '𝔘𝔫𝔦', '', '\u2028'];
      for (const log of odd) await file.compat.update(id, { log });
      await file.compat.update(id, { description: '$parameters.target' });
      expect(await file.compat.logOf(id)).toEqual([...odd, 'Added update description']);
      expect((await file.compat.job(id)).parameters.description).toBe('$parameters.target');
    });

    it('J-14: writes creation and log in one time zone, UTC, always with six digits', async () => {
      const id = await file.compat.create(freshTarget());
      for (let count = 0; count < 20; count += 1) await file.compat.update(id, { log: `line ${count}` });
      const { createdAt, log } = await file.compat.job(id);
      const times = [createdAt, ...log.map((entry) => entry.at)];
      for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
      expect([...times].sort()).toEqual(times);
      expect(Math.abs(new Date(`${log.at(-1)?.at}Z`).getTime() - Date.now())).toBeLessThan(10_000);
    });

    it('cuts a log line at 4 KiB', async () => {
      const id = await file.compat.create(freshTarget());
      await file.compat.update(id, { log: 'é'.repeat(10_000) });
      const [line] = await file.compat.logOf(id);
      expect(Buffer.byteLength(line!)).toBeLessThanOrEqual(4_096);
      expect(line).toMatch(/^é{2000,2048}/);
    });

    it('writes one entry `log full` at 256 KiB and drops later ones, still with 200, and the job can still end', async () => {
      const id = await file.compat.create(freshTarget());
      for (let count = 0; count < 80; count += 1) await file.compat.update(id, { log: `${count} ${'x'.repeat(4_000)}` });
      const full = await file.compat.logOf(id);
      expect(full.filter((message) => message === 'log full')).toHaveLength(1);
      expect(full.at(-1)).toBe('log full');
      expect(Buffer.byteLength(full.join(''))).toBeLessThanOrEqual(262_144 + 4_096);
      await file.compat.update(id, { log: 'dropped' });
      expect(await file.compat.logOf(id)).toEqual(full);
      await file.compat.walk(id, 'initiated', 'completed');
      expect((await file.compat.job(id)).status).toBe('completed');
    });

    it('J-8: completes a job of target DATASTORE that is no BUMP', async () => {
      const id = await file.compat.create('DATASTORE', 'CHANGE');
      await file.compat.walk(id, 'initiated', 'completed');
      expect((await file.compat.job(id)).status).toBe('completed');
      expect(await file.compat.targetRow('DATASTORE')).toMatchObject({ status: 'completed', action: ['CHANGE'] });
    });
  });
});
