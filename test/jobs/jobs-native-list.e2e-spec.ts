import { beforeAll, describe, expect, it } from '@jest/globals';
import { bump, freshTarget } from '../support/compat-client.js';
import { openCompat } from '../support/service.js';
import { useService } from '../support/use-service.js';
import { NativeClient, type NativeJob, type Problem, refusal } from './native-client.js';

const traceId = '7b0c6a52-6f0e-4d8e-9f5f-0d5f1a9d3c11';
const idsOf = (jobs: readonly NativeJob[]) => jobs.map((job) => job.jobId);
const byCreation = (a: NativeJob, b: NativeJob) =>
  a.createdAt < b.createdAt || (a.createdAt === b.createdAt && a.jobId < b.jobId) ? -1 : 1;

describe('GET /api/v1/jobs', () => {
  const file = useService({ env: { ...openCompat, JOBS_EXTRA_OPERATIONS: 'REINDEX', BUMP_ENABLED: 'true' } });
  let client: NativeClient;
  /** Every job, oldest first. */
  let all: NativeJob[];

  beforeAll(async () => {
    client = new NativeClient(file.http, await file.service.token('admin'));
    const endings = [[], ['initiated'], ['validating'], ['completed'], ['validating', 'failed'], ['built', 'queued'], ['importing']];
    for (let round = 0; round < 4; round++) {
      for (const [index, words] of endings.entries()) {
        // The old routes take no reports on operations that the original does not know.
        const operation = words.length === 0 ? 'REINDEX' : index % 2 === 0 ? 'ADD' : 'CHANGE';
        const more = { tags: [`t${round}`, 'all'], ...(round === 1 && { dueAt: '2001-01-01T00:00:00Z', traceId }) };
        const { jobId } = await client.create({ operation, datasetName: freshTarget(`L${round}`), ...more });
        await file.compat.walk(jobId, ...words);
      }
    }
    const { jobId } = await client.create();
    await client.cancel(jobId, { reason: 'not needed' });
    await file.compat.walk(await file.compat.createItem(bump({ NAMED_BY_BUMP: 'PENDING_RELEASE' })), 'completed');
    all = (await client.page('jobs?limit=200&sort=createdAt')).items;
  }, 120_000);

  it('lists the jobs of both collections, newest first where nothing else is asked for', async () => {
    expect(all).toHaveLength(30);
    expect(new Set(all.map((job) => job.status))).toEqual(new Set(['queued', 'running', 'completed', 'failed', 'cancelled']));
    expect(idsOf(all)).toEqual(idsOf([...all].sort(byCreation)));
    expect(idsOf((await client.page('jobs')).items)).toEqual(idsOf(all).reverse());
  });

  it.each<[string, (job: NativeJob) => boolean]>([
    ['status=queued', (job) => job.status === 'queued'],
    ['status=queued&status=failed', (job) => ['queued', 'failed'].includes(job.status)],
    ['status=!queued', (job) => job.status !== 'queued'],
    ['status=running&status=!queued', (job) => job.status === 'running'],
    ['status=running&status=!running', () => false],
    ['status=!completed&status=!failed&status=!cancelled', (job) => ['queued', 'running'].includes(job.status)],
    ['phase=validating', (job) => job['phase'] === 'validating'],
    ['phase=!validating', (job) => job['phase'] !== 'validating'],
    ['operation=ADD&operation=REINDEX', (job) => job['operation'] !== 'CHANGE' && job['operation'] !== 'BUMP'],
    ['operation=!ADD', (job) => job['operation'] !== 'ADD'],
    ['tag=t2', (job) => (job['tags'] as string[]).includes('t2')],
    ['tag=!all', (job) => !(job['tags'] as string[]).includes('all')],
    ['tag=t1&status=queued', (job) => (job['tags'] as string[]).includes('t1') && job.status === 'queued'],
    ['errorCode=WORKER_FAILED', (job) => job.status === 'failed'],
    [`traceId=${traceId}`, (job) => job['traceId'] === traceId],
    [`retryOf=${traceId}`, () => false],
    ['overdue=true', (job) => job['overdue'] === true],
    ['overdue=false', (job) => job['overdue'] === false],
    ['stale=true', () => false],
    ['stale=false', () => true],
    ['worker=imp-3', () => false],
    ['worker=!imp-3', () => true],
    ['createdBy=nobody', () => false],
    ['target=NAMED_BY_BUMP', (job) => job['operation'] === 'BUMP'],
    ['q=L3_', (job) => job.datasetName.startsWith('L3_')],
    ['q=.*', () => false],
    ['dataset=DATASTORE', (job) => job.datasetName === 'DATASTORE'],
    ['finishedAfter=2001-01-01T00:00:00Z', (job) => job['finishedAt'] !== null],
    ['finishedBefore=2001-01-01T00:00:00Z', () => false],
    ['createdBefore=2001-01-01T00:00:00%2B02:00', () => false],
    ['createdAfter=2001-01-01T00:00:00Z', () => true],
  ])('lists exactly the jobs that fit %s', async (query, fits) => {
    const expected = idsOf(all.filter(fits));
    const page = await client.page(`jobs?sort=createdAt&count=exact&limit=200&${query}`);
    expect(idsOf(page.items)).toEqual(expected);
    expect(page.count).toEqual({ value: expected.length, exact: true });
  });

  it('finds a job by the beginning of its id and between two instants', async () => {
    const job = all[7]!;
    expect(idsOf((await client.page(`jobs?q=${job.jobId.slice(0, 13)}`)).items)).toEqual([job.jobId]);
    const { items } = await client.page(`jobs?createdAfter=${all[3]!.createdAt}&createdBefore=${all[9]!.createdAt}&sort=createdAt`);
    expect(idsOf(items)).toEqual(expect.arrayContaining(idsOf(all.slice(4, 9))));
    expect(items.every((each) => each.createdAt >= all[3]!.createdAt && each.createdAt <= all[9]!.createdAt)).toBe(true);
  });

  it.each(['jobs?sort=createdAt', 'jobs?sort=-createdAt', 'jobs?sort=-finishedAt', 'jobs?status=queued&status=completed&tag=all'])(
    'pages through %s forwards and back, each job once, in order',
    async (path) => {
      const whole = idsOf((await client.page(`${path}${path.includes('?') ? '&' : '?'}limit=200`)).items);
      const forwards = await client.pages(`${path}&limit=4`);
      expect(forwards.flatMap((page) => idsOf(page.items))).toEqual(whole);
      expect([forwards[0]!.prevCursor, forwards.at(-1)!.nextCursor]).toEqual([null, null]);
      const back = await client.pages(`${path}&limit=4`, forwards.at(-1)!.prevCursor, 'prevCursor');
      expect(back.toReversed().flatMap((page) => idsOf(page.items))).toEqual(whole.slice(0, whole.length - forwards.at(-1)!.items.length));
    },
    60_000,
  );

  it('sorts by the end only what has ended', async () => {
    const { items } = await client.page('jobs?sort=-finishedAt&limit=200');
    const ends = items.map((job) => String(job['finishedAt']));
    expect(ends).toEqual([...ends].sort().reverse());
    expect(items).toHaveLength(all.filter((job) => job['finishedAt'] !== null).length);
  });

  it('keeps cursors to the filter and the sort that they were made for', async () => {
    const cursor = (await client.page('jobs?limit=2&status=queued')).nextCursor!;
    expect((await client.get(`jobs?limit=7&status=queued&cursor=${cursor}`)).status).toBe(200);
    for (const query of ['', 'status=running&', 'status=queued&sort=createdAt&', 'status=queued&tag=all&']) {
      expect(refusal(await client.get(`jobs?${query}cursor=${cursor}`))).toEqual([400, 'REQUEST.CURSOR_INVALID']);
    }
    for (const wrong of ['x', cursor.slice(1), cursor.slice(0, -4), `${cursor}AAAA`, '%F0%9F%9A%A6']) {
      expect(refusal(await client.get(`jobs?status=queued&cursor=${wrong}`))).toEqual([400, 'REQUEST.CURSOR_INVALID']);
    }
    expect(refusal(await client.get(`targets?cursor=${cursor}`))).toEqual([400, 'REQUEST.CURSOR_INVALID']);
  });

  it('counts where it is asked to, and estimates the whole list', async () => {
    expect((await client.page('jobs')).count).toBeUndefined();
    expect((await client.page('jobs?count=exact&limit=1')).count).toEqual({ value: 30, exact: true });
    expect((await client.page('jobs?count=estimate&limit=1')).count).toEqual({ value: 30, exact: false });
  });

  it('counts what the list of its sort holds: in order of completion the finished jobs', async () => {
    const value = all.filter((job) => job['finishedAt'] !== null).length;
    expect((await client.page('jobs?sort=-finishedAt&count=exact&limit=200')).items).toHaveLength(value);
    expect((await client.page('jobs?sort=-finishedAt&count=exact&limit=1')).count).toEqual({ value, exact: true });
    expect((await client.page('jobs?sort=-finishedAt&count=estimate&limit=1')).count).toEqual({ value, exact: false });
    expect((await client.page('jobs?sort=-finishedAt&status=queued&count=exact')).count).toEqual({ value: 0, exact: true });
  });

  it('links the pages around one', async () => {
    const first = await client.get('jobs?limit=3&status=queued');
    expect(first.headers['link']).toMatch(/^<\/api\/v1\/jobs\?limit=3&status=queued&cursor=[\w%-]+>; rel="next"$/);
    const target = /<\/api\/v1\/([^>]+)>/.exec(String(first.headers['link']))![1]!;
    const second = await client.get(target);
    expect([second.status, String(second.headers['link'])]).toEqual([200, expect.stringContaining('rel="prev"')]);
    expect((await client.get('jobs?limit=200')).headers['link']).toBeUndefined();
  });

  it('sends the whole filtered list as CSV, one line a job, with formulas defused', async () => {
    const reply = await client.get('jobs?status=queued&sort=createdAt&limit=2', { accept: 'text/csv' });
    expect([reply.status, reply.headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8']);
    const [head, ...lines] = reply.text.trimEnd().split('\n');
    expect(head?.split(',').slice(0, 4)).toEqual(['jobId', 'version', 'datasetName', 'operation']);
    expect(lines.map((line) => line.split(',')[0])).toEqual(idsOf(all.filter((job) => job.status === 'queued')));
    expect((await client.get('jobs?retryOf=7b0c6a52-6f0e-4d8e-9f5f-0d5f1a9d3c11', { accept: 'text/csv' })).text).toBe('');
  });

  it.each([
    ['limit=', '?limit'],
    ['limit=0', '?limit'],
    ['limit=1.5', '?limit'],
    ['limit=1&limit=2', '?limit'],
    ['count=about', '?count'],
    ['sort=priority', '?sort'],
    ['sort=createdAt&sort=createdAt', '?sort'],
    ['status=built', '?status'],
    ['status=', '?status'],
    ['phase=!nothing', '?phase'],
    ['operation=GROW', '?operation'],
    ['operation=ADD&operation=!GROW', '?operation'],
    ['traceId=x', '?traceId'],
    ['stale=yes', '?stale'],
    ['overdue=', '?overdue'],
    ['createdAfter=2026-01-01', '?createdAfter'],
    ['finishedBefore=2026-02-30T00:00:00Z', '?finishedBefore'],
    ['q=', '?q'],
    ['q=%00', '?q'],
    ['dataset[$ne]=x', '?dataset[$ne]'],
    ['__proto__=x', '?__proto__'],
    ['constructor=x', '?constructor'],
    ['Status=queued', '?Status'],
  ])('refuses %s and names it', async (query, pointer) => {
    const reply = await client.get(`jobs?${query}`);
    expect(refusal(reply)).toEqual([400, 'REQUEST.INVALID']);
    expect(reply.json<Problem>().errors.map((error) => error.pointer)).toContain(pointer);
  });

  it('lists the known names when it refuses an unknown one, and the known operations', async () => {
    const names = (await client.get('jobs?stat=queued')).json<Problem>();
    expect(names.errors[0]?.message).toContain('known: count, createdAfter, createdBefore, createdBy, cursor, dataset');
    expect((await client.get('jobs?operation=add')).json<Problem>().detail).toContain('ADD, CHANGE');
  });

  it('cuts a limit above 200 instead of refusing it', async () => {
    expect((await client.get('jobs?limit=5000')).status).toBe(200);
  });
});
