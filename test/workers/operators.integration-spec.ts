import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Answer, freshDataset, type Json, type Replicas, startReplicas } from './protocol-app.js';

describe('what operators do with jobs', () => {
  let replicas: Replicas;
  const call = (path: string, body: unknown, role: Json = 'operator'): Promise<Answer> => replicas.one.call('POST', path, body, role);
  const claim = async (fields: Record<string, unknown> = {}): Promise<Json> =>
    (await call('/jobs/claim', { worker: { id: 'imp-3' }, operations: ['ADD'], ...fields }, 'worker')).body;

  beforeAll(async () => {
    replicas = await startReplicas(1, { JOBS_RESCUE_GRACE_SECONDS: '3600', JOBS_STALE_SECONDS: '1' });
  }, 60_000);
  afterAll(async () => replicas.stop(), 30_000);
  beforeEach(async () => {
    for (const name of ['inprogress', 'completed', 'workers', 'compatPolls']) await replicas.connection.collection(name).deleteMany({});
  });

  describe('retry', () => {
    it('makes a new job of a finished one and leaves that as it is', async () => {
      const old = await replicas.createJob({
        operation: 'SET_STATUS',
        parameters: { releaseStatus: 'DRAFT' },
        priority: 'high',
        tags: ['a'],
      });
      await call(`/jobs/${old.jobId}/cancel`, { reason: 'x' });
      const before = (await replicas.one.call('GET', `/jobs/${old.jobId}`)).body;
      const reply = await call(`/jobs/${old.jobId}/retry`, { reason: 'repaired' });
      const { datasetName, operation, parameters, priority, tags } = old;
      expect(reply).toMatchObject({
        status: 201,
        body: { retryOf: old.jobId, status: 'queued', attempt: 0, datasetName, operation, parameters, priority, tags },
      });
      expect(reply.headers['location']).toBe(`/api/v1/jobs/${reply.body.jobId}`);
      expect((await replicas.one.call('GET', `/jobs/${old.jobId}`)).body).toEqual(before);
      const made = (await replicas.one.call('GET', `/jobs/${reply.body.jobId}`)).body;
      expect(made.history).toMatchObject([{ type: 'job.created.v1', reason: 'repaired' }]);
    });

    it('takes other parameters', async () => {
      const old = await replicas.createJob({ operation: 'SET_STATUS', parameters: { releaseStatus: 'DRAFT' } });
      await call(`/jobs/${old.jobId}/cancel`, { reason: 'x' });
      const wrong = await call(`/jobs/${old.jobId}/retry`, { reason: 'r', parameters: { releaseStatus: 'NEVER' } });
      expect(wrong).toMatchObject({ status: 400, body: { code: 'JOBS.PARAMETERS_INVALID' } });
      const reply = await call(`/jobs/${old.jobId}/retry`, { reason: 'r', parameters: { releaseStatus: 'PENDING_RELEASE' } });
      expect(reply.body.parameters).toEqual({ releaseStatus: 'PENDING_RELEASE' });
    });

    it('refuses jobs that are not finished, busy datasets, and requests without a reason', async () => {
      const old = await replicas.createJob();
      expect((await call(`/jobs/${old.jobId}/retry`, { reason: 'r' })).body).toMatchObject({
        code: 'JOBS.NOT_FINAL',
        current: { status: 'queued' },
      });
      await call(`/jobs/${old.jobId}/cancel`, { reason: 'x' });
      expect((await call(`/jobs/${old.jobId}/retry`, {})).status).toBe(400);
      const first = await call(`/jobs/${old.jobId}/retry`, { reason: 'r' });
      expect((await call(`/jobs/${old.jobId}/retry`, { reason: 'r' })).body).toMatchObject({
        code: 'JOBS.TARGET_BUSY',
        holder: { jobId: first.body.jobId },
      });
      expect((await call('/jobs/no-such/retry', { reason: 'r' })).status).toBe(404);
    });
  });

  describe('explain', () => {
    const explain = async (id: string): Promise<Json> => (await replicas.one.call('GET', `/jobs/${id}/explain`)).body;

    it('says that no worker can run the operation', async () => {
      const { jobId, datasetName } = await replicas.createJob();
      const { sentences, facts } = await explain(jobId);
      expect(sentences[0]).toMatch(new RegExp(`^ADD of ${datasetName} is queued since `));
      expect(sentences).toContain('No worker can run ADD: none has asked for it.');
      expect(facts).toMatchObject({ status: 'queued', jobsBefore: 0, paused: false, workers: { alive: 0, compat: false } });
    });

    it('says how many are before it, and what holds it back', async () => {
      await replicas.createJob();
      const { jobId } = await replicas.createJob();
      await claim({ operations: ['CHANGE', 'ADD'], worker: { id: 'able' } });
      expect((await explain(jobId)).sentences.slice(1)).toEqual(['It is the next of its operation.']);
      await replicas.createJob({ priority: 'high' });
      expect((await explain(jobId)).sentences.slice(1)).toEqual(['It waits for its turn behind 1 job.']);
      await replicas.one.compat('POST', '/maintenance-statuses', { msg: 'Upgrade to 3.2', paused: true });
      expect((await explain(jobId)).sentences.slice(1)).toEqual(['Nothing is handed out during maintenance: Upgrade to 3.2']);
      await replicas.one.compat('POST', '/maintenance-statuses', { msg: 'done', paused: false });
    });

    it('says which workers may take it during maintenance', async () => {
      const { jobId } = await replicas.createJob();
      const pause = (setting: object) =>
        replicas.one.app.inject({
          method: 'PUT',
          url: '/api/v1/maintenance',
          headers: { authorization: replicas.one.bearer('operator'), 'if-match': '*' },
          payload: setting,
        });
      expect((await pause({ on: true, reason: 'Upgrade to 3.2', allow: { workers: ['cw'] } })).statusCode).toBe(200);
      const { sentences, facts } = await explain(jobId);
      expect(sentences.slice(1)).toEqual(['During maintenance only the worker cw may take it: Upgrade to 3.2']);
      expect(facts).toMatchObject({ paused: true });
      expect((await claim({ worker: { id: 'cw' } })).job.jobId).toBe(jobId);
      await pause({ on: false });
    });

    it('says who cancelled a job and why, at once, with its worker, or by force', async () => {
      const explained = async (jobId: string) => {
        const { sentences, facts } = await explain(jobId);
        return [sentences[1], facts.cancellation];
      };
      const { jobId: queued } = await replicas.createJob();
      expect((await explain(queued)).facts.cancellation).toBeNull();
      await call(`/jobs/${queued}/cancel`, { reason: 'twice' });
      expect(await explained(queued)).toEqual(['operator asked for it: twice', { by: 'operator', reason: 'twice' }]);
      const { jobId: running } = await replicas.createJob();
      const { leaseToken } = await claim();
      await call(`/jobs/${running}/cancel`, { reason: 'wrong file' });
      expect((await explain(running)).facts.cancellation).toEqual({ by: 'operator', reason: 'wrong file' });
      await call(`/jobs/${running}/fail`, { leaseToken, error: { code: 'C', message: 'stopped' } }, 'worker');
      expect(await explained(running)).toEqual(['operator asked for it: wrong file', { by: 'operator', reason: 'wrong file' }]);
      const { jobId: forced } = await replicas.createJob();
      await claim();
      await call(`/jobs/${forced}/cancel`, { reason: 'soon' });
      await call(`/jobs/${forced}/cancel`, { reason: 'now', force: true });
      expect(await explained(forced)).toEqual(['operator asked for it: now', { by: 'operator', reason: 'now' }]);
    });

    it('says what a running job does, in the words of the conflict that it causes', async () => {
      const { jobId, datasetName } = await replicas.createJob();
      const { leaseToken } = await claim();
      await call(`/jobs/${jobId}/heartbeat`, { leaseToken, phase: 'partitioning', percent: 62 }, 'worker');
      const { sentences } = await explain(jobId);
      expect(sentences[0]).toBe(`ADD of ${datasetName} is running, partitioning at 62 %, on imp-3.`);
      const conflict = await call('/jobs', { datasetName, operation: 'ADD' });
      expect(conflict.body.detail).toBe(`${datasetName} has an active job: ADD ${jobId} is running, partitioning at 62 %, on imp-3.`);
      await call(`/jobs/${jobId}/cancel`, { reason: 'wrong file' });
      expect((await explain(jobId)).sentences.at(-1)).toContain('operator asked at');
    });

    it('says what a job waits for after a failure, and how it ended', async () => {
      const { jobId } = await replicas.createJob();
      const fail = async () => {
        const { leaseToken } = await claim();
        await call(`/jobs/${jobId}/fail`, { leaseToken, error: { code: 'BAD', message: 'no coverage.' } }, 'worker');
      };
      await fail();
      expect((await explain(jobId)).sentences[1]).toMatch(/^It waits until .* after failure 1 of 3: BAD, no coverage\.$/);
      await call(`/jobs/${jobId}/cancel`, { reason: 'enough' });
      expect((await explain(jobId)).sentences[0]).toMatch(/ was cancelled at .*, after 1 attempt\.$/);
    });

    it('shows stuck jobs of old workers', async () => {
      const { jobId } = await replicas.createJob();
      await replicas.one.compat('PUT', `/jobs/${jobId}`, { status: 'validating' });
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      const { sentences } = await explain(jobId);
      expect(sentences[0]).toContain('is running, validating, by a worker of the old routes');
      expect(sentences[1]).toMatch(/^Nothing was heard of it for .*: release or fail it/);
    });
  });

  describe('bulk', () => {
    const bulk = (body: object, role?: Json): Promise<Answer> => call('/jobs/bulk', body, role);
    const create = (count: number, fields: object = {}): Promise<Json[]> =>
      Promise.all(Array.from({ length: count }, () => replicas.createJob({ ...fields })));

    it('creates each item as one call would, in order', async () => {
      const taken = freshDataset();
      const { jobId: holder } = await replicas.createJob({ datasetName: taken });
      const items = [
        { datasetName: freshDataset(), operation: 'ADD' },
        { datasetName: taken, operation: 'ADD' },
        { datasetName: freshDataset(), operation: 'NO_SUCH' },
        { datasetName: taken, operation: 'ADD', onConflict: 'return' },
      ];
      expect((await bulk({ action: 'create', items, dryRun: true }, 'pipeline')).body).toMatchObject({
        matched: 1,
        sample: [{ datasetName: items[0]!.datasetName }],
        excluded: [
          { index: 1, jobId: holder, code: 'JOBS.TARGET_BUSY' },
          { index: 2, jobId: null, code: 'REQUEST.INVALID' },
          { index: 3, jobId: holder, code: 'JOBS.TARGET_BUSY' },
        ],
      });
      const { status, body } = await bulk({ action: 'create', items }, 'pipeline');
      expect(status).toBe(200);
      expect(body).toMatchObject({ succeeded: 2, failed: 2 });
      expect(body.results).toMatchObject([
        { index: 0, status: 'queued', problem: null },
        { index: 1, jobId: null, status: null, problem: { code: 'JOBS.TARGET_BUSY', status: 409 } },
        { index: 2, problem: { code: 'REQUEST.INVALID', status: 400 } },
        { index: 3, jobId: holder, status: 'queued' },
      ]);
    });

    it('creates each item once under one Idempotency-Key', async () => {
      const items = [freshDataset(), freshDataset()].map((datasetName) => ({ datasetName, operation: 'ADD' }));
      const issued = await Promise.all(
        [1, 2].map(() =>
          replicas.one.app.inject({
            method: 'POST',
            url: '/api/v1/jobs/bulk',
            headers: { authorization: replicas.one.bearer('pipeline'), 'idempotency-key': 'k-1' },
            payload: { action: 'create', items },
          }),
        ),
      );
      const ids = issued.map((reply) => reply.json<Json>().results.map((result: Json) => result.jobId));
      expect(ids[0]).toEqual(ids[1]);
      expect(new Set(ids[0]).size).toBe(2);
    });

    it('cancels by ids: one result each, in order', async () => {
      const jobs = await create(3);
      await call(`/jobs/${jobs[1].jobId}/cancel`, { reason: 'before' });
      const ids = [...jobs.map(({ jobId }) => jobId), 'no-such'];
      const dry = await bulk({ action: 'cancel', ids, reason: 'r', dryRun: true });
      expect(dry.body).toMatchObject({
        matched: 2,
        ids: [ids[0], ids[2]],
        excluded: [
          { jobId: ids[1], code: 'JOBS.FINAL' },
          { jobId: 'no-such', code: 'JOBS.NOT_FOUND' },
        ],
      });
      const { body } = await bulk({ action: 'cancel', ids, reason: 'all of them' });
      expect(body).toMatchObject({ succeeded: 2, failed: 2 });
      expect(body.results.map((result: Json) => result.problem?.code ?? result.status)).toEqual([
        'cancelled',
        'JOBS.FINAL',
        'cancelled',
        'JOBS.NOT_FOUND',
      ]);
    });

    it('edits, releases and retries by filter, with the expected count', async () => {
      await create(5, { tags: ['x'] });
      await create(1);
      const filter = { tag: 'x', status: ['queued', 'running'] };
      const edit = { action: 'edit', filter, changes: { priority: 'high' }, reason: 'urgent' };
      expect((await bulk({ ...edit, dryRun: true })).body).toMatchObject({ matched: 5, sample: { length: 5 } });
      expect((await bulk(edit)).body).toMatchObject({ code: 'BULK.MATCH_CHANGED', matched: 5 });
      expect((await bulk({ ...edit, expectedCount: 4 })).status).toBe(409);
      expect((await bulk({ ...edit, expectedCount: 5 })).body).toMatchObject({ succeeded: 5, failed: 0 });
      for (let index = 0; index < 5; index++) expect((await claim()).job.priority).toBe('high');
      expect((await bulk({ action: 'release', filter, reason: 'r', expectedCount: 5 })).body).toMatchObject({ succeeded: 5 });
      expect((await bulk({ action: 'cancel', filter, reason: 'r', expectedCount: 5 })).body).toMatchObject({ succeeded: 5 });
      const retried = await bulk({ action: 'retry', filter: { tag: 'x' }, reason: 'again', expectedCount: 5 });
      expect(retried.body).toMatchObject({ succeeded: 5 });
      expect(retried.body.results.every((result: Json) => result.status === 'queued')).toBe(true);
    }, 20_000);

    it.each([
      ['no action', {}],
      ['an unknown action', { action: 'delete', ids: [], reason: 'r' }],
      ['no reason', { action: 'cancel', ids: ['a'] }],
      ['neither ids nor filter', { action: 'cancel', reason: 'r' }],
      ['both', { action: 'cancel', reason: 'r', ids: ['a'], filter: {} }],
      ['an unknown filter', { action: 'cancel', reason: 'r', filter: { colour: 'red' } }],
      ['a page in the filter', { action: 'cancel', reason: 'r', filter: { limit: 5 } }],
      ['a wrong filter', { action: 'cancel', reason: 'r', filter: { status: 'asleep' } }],
      ['an edit without changes', { action: 'edit', reason: 'r', ids: ['a'] }],
      ['changes without an edit', { action: 'cancel', reason: 'r', ids: ['a'], changes: { priority: 'low' } }],
      ['items without create', { action: 'cancel', reason: 'r', ids: ['a'], items: [{ datasetName: 'A', operation: 'ADD' }] }],
      ['create without items', { action: 'create' }],
      ['an item without a name', { action: 'create', items: [{ operation: 'ADD' }] }],
      ['an id twice', { action: 'cancel', reason: 'r', ids: ['a', 'a'] }],
    ])('refuses %s', async (_what, body) => {
      expect(await bulk(body)).toMatchObject({ status: 400, body: { code: 'REQUEST.INVALID' } });
    });

    it('has caps and roles', async () => {
      const items = Array.from({ length: 501 }, () => ({ datasetName: freshDataset(), operation: 'ADD' }));
      expect((await bulk({ action: 'create', items })).status).toBe(413);
      const ids = Array.from({ length: 1_001 }, (_, index) => `id-${index}`);
      for (const body of [{ ids, reason: 'r' }, { ids }, { ids: ids.map(() => 'a'), reason: 'r' }])
        expect(await bulk({ action: 'cancel', ...body })).toMatchObject({ status: 413, body: { code: 'REQUEST.TOO_LARGE' } });
      expect((await bulk({ action: 'cancel', ids: ids.slice(1), reason: 'r', dryRun: true })).body.excluded).toHaveLength(1_000);
      expect((await bulk({ action: 'cancel', ids: ['a'], reason: 'r' }, 'pipeline')).status).toBe(403);
      expect((await bulk({ action: 'create', items: items.slice(0, 1) }, 'worker')).status).toBe(403);
    });
  });
});
