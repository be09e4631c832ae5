import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { outboxIndex } from '../../src/database/schema-options.js';
import { type ListeningApplication, withPlatform } from '../support/application.js';
import { CompatClient, freshTarget } from '../support/compat-client.js';
import { openCompat } from '../support/service.js';
import { type NativeJob } from './native-client.js';

const withExtras = { ...openCompat, JOBS_EXTRA_OPERATIONS: 'REINDEX,GENERATE_RSA_KEYS' };
const queuedLists = ['/jobs?status=queued', '/jobs?status=queued&operation=ADD,GENERATE_RSA_KEYS', '/jobs?operation=GENERATE_RSA_KEYS'];

/** Creates a job of an operation that the original never had, finishes it when asked to, and returns it. */
async function nativeJob({ http, bearer }: ListeningApplication, job: { operation: string; datasetName?: string }, finish = false) {
  const json = { datasetName: freshTarget('EXTRA'), ...job };
  const created = await http.send('POST', '/api/v1/jobs', { json, headers: bearer('pipeline') });
  expect(created.status).toBe(201);
  const { jobId, datasetName } = created.json<NativeJob>();
  if (finish) {
    const cancel = { json: { reason: 'over' }, headers: bearer('operator') };
    expect((await http.send('POST', `/api/v1/jobs/${jobId}/cancel`, cancel)).status).toBe(200);
  }
  return { jobId, datasetName };
}

/** Every list of the original that could hold a job, read as strictly as its workers do; the jobs' names. */
async function namesShown({ http }: ListeningApplication, targets: readonly string[]): Promise<string[]> {
  const compat = new CompatClient(http);
  const paths = [
    ...queuedLists,
    '/jobs',
    '/jobs?ignoreCompleted=true',
    '/jobs?status=failed',
    ...targets.map((name) => `/targets/${name}/jobs`),
  ];
  const lists = await Promise.all(paths.map((path) => compat.list(path)));
  return [...new Set(lists.flat().map((job) => job.parameters.target))];
}

describe('jobs of operations that the original does not know', () => {
  it.each([
    ['with their setting', withExtras],
    ['after their setting has gone', openCompat],
  ])('stand in no list of the original, %s', async (_when, later) => {
    await withPlatform(async ({ start }) => {
      const first = await start(withExtras);
      const extras = [
        await nativeJob(first, { operation: 'REINDEX' }),
        await nativeJob(first, { operation: 'GENERATE_RSA_KEYS' }),
        await nativeJob(first, { operation: 'REINDEX' }, true),
      ];
      const known = freshTarget('KNOWN');
      await new CompatClient(first.http).create(known);
      await first.close();
      const second = await start(later);
      expect(await namesShown(second, [known, ...extras.map(({ datasetName }) => datasetName)])).toEqual([known]);
    });
  });

  it('take no reports on the old routes, as they cannot be read there', async () => {
    await withPlatform(async ({ start }) => {
      const application = await start(withExtras);
      const compat = new CompatClient(application.http);
      const { jobId } = await nativeJob(application, { operation: 'REINDEX' });
      for (const report of [{ log: 'a line' }, { status: 'initiated' }, { status: 'queued' }, { status: 'completed' }]) {
        const reply = await compat.tryUpdate(jobId, report);
        expect([report, reply.status, reply.json()]).toEqual([report, 404, { message: `Could not find job with id ${jobId}` }]);
      }
      const stored = await application.connection.collection('inprogress').findOne({ _id: jobId as never });
      expect(stored).toMatchObject({ status: 'queued', version: 1, log: [] });
    });
  });

  it('leave no row among the targets of the original, and hide none that a known operation has left', async () => {
    await withPlatform(async ({ start }) => {
      const application = await start(withExtras);
      const compat = new CompatClient(application.http);
      const rows = async () => (await compat.targets()).map(({ name, status, action }) => [name, status, ...action]);
      const known = freshTarget('KNOWN');
      await compat.walk(await compat.create(known), 'initiated', 'completed');
      await nativeJob(application, { operation: 'REINDEX' });
      await nativeJob(application, { operation: 'REINDEX' }, true);
      const { jobId } = await nativeJob(application, { operation: 'REINDEX', datasetName: known });
      expect(await rows()).toEqual([[known, 'completed', 'ADD']]);
      const native = await application.http.get(`/api/v1/targets/${known}`, application.bearer('reader'));
      expect(native.json()).toMatchObject({ action: ['REINDEX'], lastJobId: jobId });
    });
  });
});

describe('a missing index that is not unique', () => {
  it('makes the polls of the original slower, and no worse', async () => {
    await withPlatform(async ({ start }) => {
      const application = await start(openCompat);
      const compat = new CompatClient(application.http);
      const target = freshTarget();
      const jobId = await compat.create(target);
      for (const name of ['poll', 'status_created']) await application.connection.collection('inprogress').dropIndex(name);
      for (const path of ['/jobs?status=queued', '/jobs?status=queued&operation=ADD', '/jobs?status=queued&operation=ADD,CHANGE'])
        expect((await compat.list(path)).map((job) => job.jobId)).toEqual([jobId]);
    });
  });

  it('stops no relay of changes', async () => {
    await withPlatform(async ({ start }) => {
      const application = await start(openCompat);
      await application.connection.collection('inprogress').dropIndex(outboxIndex[1].name);
      const jobId = await new CompatClient(application.http).create(freshTarget());
      const told = () => application.connection.collection('events').countDocuments({ documentId: jobId });
      while ((await told()) === 0) await sleep(50);
    });
  });

  it('stops no claim', async () => {
    await withPlatform(async ({ start }) => {
      const application = await start(openCompat);
      const jobId = await new CompatClient(application.http).create(freshTarget());
      await application.connection.collection('inprogress').dropIndex('claim');
      const json = { worker: { id: 'w-1', version: '1' }, operations: ['ADD'] };
      const reply = await application.http.send('POST', '/api/v1/jobs/claim', { json, headers: application.bearer('worker') });
      expect([reply.status, reply.json<{ job: NativeJob }>().job.jobId]).toEqual([200, jobId]);
    });
  });
});
