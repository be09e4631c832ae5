import { beforeAll, describe, expect, it } from '@jest/globals';
import { bump, freshTarget, manifesto } from '../support/compat-client.js';
import { openCompat } from '../support/service.js';
import { useService } from '../support/use-service.js';
import { freshKey, NativeClient, type NativeJob, type Problem, refusal } from './native-client.js';

describe('POST /api/v1/jobs', () => {
  const file = useService({ env: { ...openCompat, JOBS_EXTRA_OPERATIONS: 'REINDEX', BUMP_ENABLED: 'true', JOBS_MAX_FAILURES: '7' } });
  let client: NativeClient;
  beforeAll(async () => {
    client = new NativeClient(file.http, await file.service.token('pipeline'));
  }, 60_000);

  it('answers 201 with every default, an ETag and the place of the job', async () => {
    const reply = await client.post({ datasetName: 'ROAD_TRAFFIC' });
    expect(reply.status).toBe(201);
    const job = reply.json<NativeJob>();
    expect(reply.headers).toMatchObject({ etag: '"1"', location: `/api/v1/jobs/${job.jobId}` });
    const nulls = { phase: null, percent: null, notBefore: null, dueAt: null, lease: null, cancelRequested: null, error: null };
    const moreNulls = { runBudgetSeconds: null, retryOf: null, traceId: null, startedAt: null, finishedAt: null };
    const counts = { version: 1, attempt: 0, failures: 0, losses: 0, snoozes: 0, maxFailures: 7, maxLosses: 3 };
    const lists = { tags: [], attempts: [], parameters: {} };
    expect(job).toMatchObject({ datasetName: 'ROAD_TRAFFIC', operation: 'ADD', status: 'queued', priority: 'normal', stale: false });
    expect(job).toMatchObject({ ...nulls, ...moreNulls, ...counts, ...lists, overdue: false });
    expect(job.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(job['updatedAt']).toBe(job.createdAt);
  });

  it('keeps every field that it is given', async () => {
    const given = {
      priority: 'high',
      notBefore: '2031-01-31T18:00:00.500Z',
      dueAt: '2031-02-01T00:00:00.000Z',
      tags: ['night', 'a.b:c/d-e_f'],
      maxFailures: 9,
      runBudgetSeconds: 5,
      traceId: '7b0c6a52-6f0e-4d8e-9f5f-0d5f1a9d3c11',
    };
    expect(await client.create(given)).toMatchObject(given);
  });

  it('takes instants of other zones and answers them in UTC', async () => {
    expect(await client.create({ dueAt: '2031-01-31T18:00:00+02:00' })).toMatchObject({ dueAt: '2031-01-31T16:00:00.000Z' });
  });

  it('marks a job that is past its due time as overdue', async () => {
    expect(await client.create({ dueAt: '2001-01-01T00:00:00Z' })).toMatchObject({ overdue: true });
  });

  it.each([
    ['SET_STATUS', { releaseStatus: 'DRAFT' }],
    ['REMOVE', { description: '$status' }],
    ['REINDEX', { any: { $ne: null }, deep: [{ 'a.b': 1 }] }],
  ])('keeps the parameters of %s', async (operation, parameters) => {
    const { jobId } = await client.create({ operation, parameters });
    expect(await client.job(jobId)).toMatchObject({ operation, parameters });
  });

  it('takes a BUMP of the datastore with its manifesto', async () => {
    const { description, bumpManifesto, bumpFromVersion, bumpToVersion } = bump({ A: 'PENDING_RELEASE' }) as Record<string, unknown>;
    const parameters = { description, bumpManifesto, bumpFromVersion, bumpToVersion };
    expect(await client.create({ operation: 'BUMP', datasetName: 'DATASTORE', parameters })).toMatchObject({ parameters });
  });

  it.each([
    ['a parameter that is missing', { operation: 'SET_STATUS' }, '/parameters'],
    ['a parameter that the operation does not have', { operation: 'ADD', parameters: { description: 'x' } }, '/parameters'],
    ['an unknown release status', { operation: 'SET_STATUS', parameters: { releaseStatus: 'LATER' } }, '/parameters/releaseStatus'],
    ['a BUMP of another dataset', { operation: 'BUMP', parameters: bump() }, '/datasetName'],
    ['a BUMP without versions', { operation: 'BUMP', datasetName: 'DATASTORE', parameters: { bumpManifesto: manifesto() } }, '/parameters'],
    ['more than 16 KiB', { operation: 'REINDEX', parameters: { text: 'x'.repeat(16_384) } }, '/parameters'],
  ])('refuses %s', async (_what, body, pointer) => {
    const reply = await client.post(body);
    expect(refusal(reply)).toEqual([400, 'JOBS.PARAMETERS_INVALID']);
    expect(reply.json<Problem>().errors[0]?.pointer).toBe(pointer);
  });

  it.each([
    ['datasetName', { datasetName: undefined }],
    ['datasetName', { datasetName: '' }],
    ['datasetName', { datasetName: ' A' }],
    ['datasetName', { datasetName: 'e\u0301' }],
    ['datasetName', { datasetName: 'a\u202eb' }],
    ['datasetName', { datasetName: { $ne: null } }],
    ['operation', { operation: 'GROW' }],
    ['operation', { operation: 7 }],
    ['parameters', { parameters: [] }],
    ['parameters', { parameters: null }],
    ['priority', { priority: 'urgent' }],
    ['priority', { priority: null }],
    ['notBefore', { notBefore: '2031-01-31T18:00:00' }],
    ['notBefore', { notBefore: '2031-02-30T18:00:00Z' }],
    ['dueAt', { dueAt: 7 }],
    ['tags', { tags: ['a b'] }],
    ['tags', { tags: Array.from({ length: 21 }, (_, index) => `t${index}`) }],
    ['tags', { tags: null }],
    ['maxFailures', { maxFailures: 0 }],
    ['maxFailures', { maxFailures: 1.5 }],
    ['runBudgetSeconds', { runBudgetSeconds: 4 }],
    ['traceId', { traceId: 'x' }],
    ['onConflict', { onConflict: 'steal' }],
    ['version', { version: 4 }],
    ['jobId', { jobId: '7b0c6a52-6f0e-4d8e-9f5f-0d5f1a9d3c11' }],
    ['constructor', { ['constructor']: 'x' }],
  ])('refuses a wrong %s: %j', async (name, body) => {
    const reply = await client.post(body);
    expect(refusal(reply)).toEqual([400, 'REQUEST.INVALID']);
    expect(reply.json<Problem>().errors.map((error) => error.pointer.split('/')[1])).toContain(name);
  });

  it('lists the known fields when it refuses an unknown one', async () => {
    const { errors } = (await client.post({ datasetname: 'A' })).json<Problem>();
    expect(errors[0]?.message).toContain('datasetName, dueAt, maxFailures, notBefore, onConflict, operation');
  });

  it('answers 409 with the job that holds the dataset, or that job itself where the caller asks for it', async () => {
    const datasetName = freshTarget();
    const holder = await client.create({ datasetName });
    const refused = await client.post({ datasetName });
    expect(refusal(refused)).toEqual([409, 'JOBS.TARGET_BUSY']);
    expect(refused.json<Problem>()).toMatchObject({ retryable: true, holder: { jobId: holder.jobId, status: 'queued', operation: 'ADD' } });
    const returned = await client.post({ datasetName, onConflict: 'return' });
    expect([returned.status, returned.json<NativeJob>().jobId, returned.headers.etag]).toEqual([200, holder.jobId, '"1"']);
  });

  it('makes one job of twenty simultaneous calls with one key, and answers nineteen with its replay', async () => {
    const body = { datasetName: freshTarget() };
    const key = freshKey();
    const replies = await Promise.all(Array.from({ length: 20 }, () => client.post(body, key)));
    expect(replies.map((reply) => reply.status)).toEqual(Array(20).fill(201));
    expect(new Set(replies.map((reply) => reply.text)).size).toBe(1);
    expect(replies.filter((reply) => reply.headers['idempotency-replayed'] === 'true')).toHaveLength(19);
    expect((await client.page(`jobs?dataset=${body.datasetName}`)).items).toHaveLength(1);
  }, 60_000);

  it('replays the first answer even after the job went on, with its place and its first ETag', async () => {
    const body = { datasetName: freshTarget() };
    const key = freshKey();
    const first = await client.post(body, key);
    await file.compat.walk(first.json<NativeJob>().jobId, 'initiated', 'completed');
    const again = await client.post(body, key);
    expect([again.status, again.text, again.headers.etag, again.headers.location]).toEqual([
      201,
      first.text,
      '"1"',
      first.headers.location,
    ]);
  });

  it('refuses a known key with another body, and keeps the keys of two callers apart', async () => {
    const key = freshKey();
    await client.post({}, key);
    expect(refusal(await client.post({}, key))).toEqual([422, 'IDEMPOTENCY.KEY_REUSED']);
    const other = new NativeClient(file.http, await file.service.token('operator'));
    expect((await other.post({}, key)).status).toBe(201);
  }, 30_000);

  it('does not keep a refusal under a key', async () => {
    const datasetName = freshTarget();
    const key = freshKey();
    const { jobId } = await client.create({ datasetName });
    expect(refusal(await client.post({ datasetName }, key))).toEqual([409, 'JOBS.TARGET_BUSY']);
    expect((await client.post({ datasetName, onConflict: 'return' }, key)).json<NativeJob>().jobId).toBe(jobId);
    await file.compat.walk(jobId, 'completed');
    expect((await client.post({ datasetName }, key)).status).toBe(201);
  });

  it.each(['', ' ', 'a b', 'x'.repeat(256)])('refuses the key "%s"', async (key) => {
    expect(refusal(await client.post({}, { 'idempotency-key': key }))).toEqual([400, 'REQUEST.INVALID']);
  });

  it.each([
    ['no JSON', '{', 'application/json', 400, 'REQUEST.MALFORMED_JSON'],
    ['a prototype key', '{"__proto__":{"a":1}}', 'application/json', 400, 'REQUEST.MALFORMED_JSON'],
    ['an array', '[]', 'application/json', 400, 'REQUEST.INVALID'],
    ['another media type', 'datasetName=A', 'application/x-www-form-urlencoded', 415, 'REQUEST.MEDIA_TYPE'],
    ['a lone surrogate', '{"datasetName":"\\ud800","operation":"ADD"}', 'application/json', 400, 'REQUEST.INVALID'],
    ['deep nesting', `{"parameters":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`, 'application/json', 400, 'REQUEST.INVALID'],
  ])(
    'refuses %s',
    async (_what, body, type, status, code) => {
      const authorization = `Bearer ${await file.service.token('pipeline')}`;
      const reply = await file.http.send('POST', '/api/v1/jobs', { body, headers: { authorization, 'content-type': type } });
      expect(refusal(reply)).toEqual([status, code]);
    },
    30_000,
  );
});
