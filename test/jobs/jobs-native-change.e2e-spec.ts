import { beforeAll, describe, expect, it } from '@jest/globals';
import { freshTarget } from '../support/compat-client.js';
import { openCompat } from '../support/service.js';
import { useService } from '../support/use-service.js';
import { NativeClient, type NativeJob, type Problem, refusal } from './native-client.js';

interface Entry {
  readonly version: number;
  readonly type: string;
  readonly from: string | null;
  readonly to: string;
  readonly changes: Readonly<Record<string, unknown>>;
  readonly actor: { readonly role: string };
  readonly reason: string | null;
  readonly requestId: string;
}

const unknown = '00000000-0000-4000-8000-000000000000';
const file = useService({ env: openCompat });
let client: NativeClient;
beforeAll(async () => {
  client = new NativeClient(file.http, await file.service.token('operator'));
}, 60_000);

const walked = async (...words: string[]): Promise<NativeJob> => {
  const { jobId } = await client.create();
  await file.compat.walk(jobId, ...words);
  return client.job(jobId);
};

describe('GET /api/v1/jobs/:jobId and what lies below', () => {
  it('answers one job with its ETag and its changes, newest first', async () => {
    const { jobId } = await walked('initiated', 'validating', 'queued', 'importing', 'completed');
    const reply = await client.get(`jobs/${jobId}`);
    const job = reply.json<NativeJob & { history: Entry[]; attempts: object[] }>();
    expect([reply.headers.etag, job.version]).toEqual(['"6"', 6]);
    expect(job).toMatchObject({ status: 'completed', percent: 100, attempt: 2, losses: 1, phase: null });
    expect(job.attempts).toMatchObject([
      { attempt: 1, outcome: 'lost' },
      { attempt: 2, outcome: 'completed', workerId: null },
    ]);
    const types = ['completed', 'claimed', 'lost', 'phase', 'claimed', 'created'].map((name) => `job.${name}.v1`);
    expect(job.history.map((entry) => entry.type)).toEqual(types);
    expect(job.history.map((entry) => entry.version)).toEqual([6, 5, 4, 3, 2, 1]);
    expect(job.history[3]).toMatchObject({ from: 'running', to: 'running', changes: { phase: [null, 'validating'] } });
    expect(job.history.at(-1)).toMatchObject({ from: null, to: 'queued', actor: { role: 'operator' }, requestId: expect.any(String) });
  });

  it('pages through the changes of a job, each once', async () => {
    const { jobId } = await walked('initiated', 'validating', 'built', 'importing', 'failed');
    const pages = await client.pages<Entry>(`jobs/${jobId}/events?limit=2`);
    expect(pages.flatMap((page) => page.items.map((entry) => entry.version))).toEqual([6, 5, 4, 3, 2, 1]);
    const back = await client.pages<Entry>(`jobs/${jobId}/events?limit=2`, pages.at(-1)!.prevCursor, 'prevCursor');
    expect(back.toReversed().flatMap((page) => page.items.map((entry) => entry.version))).toEqual([6, 5, 4, 3]);
  });

  it('pages through the log, oldest line first, whatever the lines hold', async () => {
    const { jobId } = await client.create();
    const lines = ['$$NOW', 'a.b', '', '🚦', 'x'.repeat(5_000), '{"$ne":null}', '\u0000', 'line\nbreak'];
    for (const log of lines) await file.compat.update(jobId, { log });
    const pages = await client.pages<{ message: string }>(`jobs/${jobId}/log?limit=3`);
    const messages = pages.flatMap((page) => page.items.map((line) => line.message));
    expect(messages).toEqual(lines.map((line) => line.slice(0, 4_096)));
    expect((await client.page(`jobs/${jobId}/log?limit=1&count=exact`)).count).toEqual({ value: 8, exact: true });
    expect((await client.job(jobId)).version).toBe(1);
    const cursor = pages[0]!.nextCursor!;
    const other = await client.create();
    expect(refusal(await client.get(`jobs/${other.jobId}/log?cursor=${cursor}`))).toEqual([400, 'REQUEST.CURSOR_INVALID']);
  });

  it.each([unknown, 'x', '%24ne', '..%2Fx', 'é'.repeat(20)].map(encodeURI))('answers 404 for the id %s', async (id) => {
    for (const path of [`jobs/${id}`, `jobs/${id}/log`, `jobs/${id}/events`]) {
      expect(refusal(await client.get(path))).toEqual([404, 'JOBS.NOT_FOUND']);
    }
  });
});

describe('PATCH /api/v1/jobs/:jobId', () => {
  it('sets what it is given, leaves out what is not, and clears with null', async () => {
    const { jobId } = await client.create({ tags: ['a'], dueAt: '2031-01-01T00:00:00Z', notBefore: '2031-01-01T00:00:00Z' });
    const set = await client.patch(jobId, { priority: 'high', dueAt: null });
    expect([set.status, set.headers.etag]).toEqual([200, '"2"']);
    expect(set.json()).toMatchObject({ priority: 'high', dueAt: null, tags: ['a'], notBefore: '2031-01-01T00:00:00.000Z', version: 2 });
    const { history } = (await client.get(`jobs/${jobId}`)).json<{ history: Entry[] }>();
    expect(history[0]).toMatchObject({ type: 'job.edited.v1', to: 'queued', changes: { priority: ['normal', 'high'] } });
    expect(Object.keys(history[0]!.changes).sort()).toEqual(['dueAt', 'priority']);
  });

  it('takes merge patches by their own media type', async () => {
    const { jobId } = await client.create();
    const reply = await client.patch(jobId, { tags: ['b'] }, { 'content-type': 'application/merge-patch+json' });
    expect([reply.status, reply.json<NativeJob>()['tags']]).toEqual([200, ['b']]);
    expect(refusal(await client.patch(jobId, {}, { 'content-type': 'text/plain' }))).toEqual([415, 'REQUEST.MEDIA_TYPE']);
  });

  it('makes no change of an edit that alters nothing', async () => {
    const job = await client.create({ priority: 'low', tags: ['a'] });
    for (const same of [{}, { priority: 'low' }, { tags: ['a'], dueAt: null }]) {
      const reply = await client.patch(job.jobId, same);
      expect([reply.status, reply.headers.etag]).toEqual([200, '"1"']);
      expect(reply.json()).toMatchObject({ version: 1, updatedAt: job['updatedAt'] });
    }
  });

  it('answers 412 with the present state and who changed it when the version is another', async () => {
    const { jobId } = await client.create();
    expect((await client.patch(jobId, { priority: 'low' }, { 'if-match': '"1"' })).status).toBe(200);
    const reply = await client.patch(jobId, { priority: 'high' }, { 'if-match': '"1"' });
    expect(refusal(reply)).toEqual([412, 'PRECONDITION.FAILED']);
    const changedBy = { id: expect.any(String), name: expect.any(String) };
    expect(reply.json<Problem>()).toMatchObject({ current: { status: 'queued', version: 2 }, changedBy });
    expect((await client.patch(jobId, { priority: 'high' }, { 'if-match': '*' })).status).toBe(200);
  });

  it.each(['3', 'W/"3"', '"3","4"', '"x"', ''])('refuses the If-Match %s', async (tag) => {
    const { jobId } = await client.create();
    expect(refusal(await client.patch(jobId, { priority: 'low' }, { 'if-match': tag }))).toEqual([400, 'REQUEST.INVALID']);
  });

  it.each([{ status: 'queued' }, { priority: null }, { tags: 'a' }, { notBefore: 'soon' }, { version: 2 }, { maxFailures: 4 }, []])(
    'refuses %j',
    async (body) => {
      const { jobId } = await client.create();
      expect(refusal(await client.patch(jobId, body))).toEqual([400, 'REQUEST.INVALID']);
      expect((await client.job(jobId)).version).toBe(1);
    },
  );

  it('answers 409 for a finished job, also with a version, and 404 for one that never was', async () => {
    const { jobId, version } = await walked('completed');
    for (const tag of ['*', `"${version}"`, '"1"']) {
      const reply = await client.patch(jobId, { priority: 'low' }, { 'if-match': tag });
      expect(refusal(reply)).toEqual([409, 'JOBS.FINAL']);
      expect(reply.json<Problem>()).toMatchObject({ current: { status: 'completed', version } });
    }
    expect(refusal(await client.patch(unknown, { priority: 'low' }))).toEqual([404, 'JOBS.NOT_FOUND']);
  });
});

describe('POST /api/v1/jobs/:jobId/cancel', () => {
  const cancel = (id: string, more: object = {}) => client.cancel(id, { reason: 'source is gone', ...more });

  it('cancels a queued job at once and frees its dataset', async () => {
    const datasetName = freshTarget();
    const { jobId } = await client.create({ datasetName });
    const reply = await cancel(jobId);
    expect([reply.status, reply.json<NativeJob>().status, reply.headers.etag]).toEqual([200, 'cancelled', '"2"']);
    expect((await client.get(`targets/${datasetName}`)).json()).toMatchObject({ status: 'cancelled', lastJobId: jobId, action: ['ADD'] });
    expect((await client.create({ datasetName })).jobId).not.toBe(jobId);
  });

  it.each([
    ['failed', 'cancelled'],
    ['queued', 'cancelled'],
    ['completed', 'completed'],
  ])('notes the wish on a running job: its worker reports %s, it becomes %s', async (word, becomes) => {
    const { jobId } = await walked('validating');
    const reply = await cancel(jobId);
    expect([reply.status, reply.headers.location]).toEqual([202, `/api/v1/jobs/${jobId}`]);
    expect(reply.json()).toMatchObject({ status: 'running', cancelRequested: { reason: 'source is gone', by: expect.any(String) } });
    expect((await cancel(jobId, { reason: 'again' })).json()).toMatchObject({ version: 3, cancelRequested: { reason: 'source is gone' } });
    await file.compat.walk(jobId, word);
    expect(await client.job(jobId)).toMatchObject({ status: becomes, error: null });
    expect((await file.compat.logOf(jobId)).includes('Cancelled: source is gone')).toBe(becomes === 'cancelled');
  });

  it('ends a running job at once by force; its worker is told with 404', async () => {
    const { jobId } = await walked('initiated', 'partitioning');
    const reply = await cancel(jobId, { force: true });
    expect([reply.status, reply.json<NativeJob>().status]).toEqual([200, 'cancelled']);
    expect((await file.compat.tryUpdate(jobId, { status: 'completed' })).status).toBe(404);
    const { history, attempts } = (await client.job(jobId)) as unknown as { history: Entry[]; attempts: object[] };
    expect(history[0]).toMatchObject({ type: 'job.cancelled.v1', from: 'running', to: 'cancelled', reason: 'source is gone' });
    expect(attempts).toMatchObject([{ outcome: 'cancelled' }]);
  });

  it.each(['completed', 'failed'])('answers 409 for a %s job', async (word) => {
    const { jobId } = await walked(word);
    for (const force of [true, false]) expect(refusal(await cancel(jobId, { force }))).toEqual([409, 'JOBS.FINAL']);
  });

  it('answers 412 for another version and 404 for a job that never was', async () => {
    const { jobId } = await walked('initiated');
    const reply = await client.cancel(jobId, { reason: 'x', force: true }, { 'if-match': '"1"' });
    expect(refusal(reply)).toEqual([412, 'PRECONDITION.FAILED']);
    expect((await client.cancel(jobId, { reason: 'x' }, { 'if-match': '"2"' })).status).toBe(202);
    expect(refusal(await cancel(unknown))).toEqual([404, 'JOBS.NOT_FOUND']);
  });

  it.each([
    {},
    { reason: '' },
    { reason: '  ' },
    { reason: 7 },
    { reason: 'a\u0000' },
    { reason: 'x'.repeat(2_001) },
    { reason: 'x', force: 'yes' },
  ])('refuses %j', async (body) => {
    const { jobId } = await client.create();
    expect(refusal(await client.cancel(jobId, body))).toEqual([400, 'REQUEST.INVALID']);
    expect((await client.job(jobId)).status).toBe('queued');
  });
});
