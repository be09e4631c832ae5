import { describe, expect, it } from '@jest/globals';
import { inTurn, jobBody, problem, type Route } from '../client/fake-service.js';
import { against } from './against.js';

const id = jobBody().jobId;

describe('jobs explain', () => {
  it('prints the sentences of the API', async () => {
    const route = {
      [`GET /api/v1/jobs/${id}/explain`]: () => ({ body: { sentences: ['It waits.', 'No worker can run ADD.'], facts: {} } }),
    };
    expect((await against(route, `jobs explain ${id}`)).out).toBe('It waits.\nNo worker can run ADD.\n');
  });
});

describe('jobs watch', () => {
  const done = jobBody({ status: 'completed', percent: 100 });
  const event = { id: `${id}:3`, type: 'job.completed.v1', subject: `jobs/${id}`, time: '2026-06-11T08:15:30.120Z', seq: 3, data: {} };

  it('shows progress on stderr and the job on stdout; the stream says when to look', async () => {
    const stream: Route = () => (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': hello\n\n');
      setTimeout(() => response.write(`id: 3\nevent: job.completed.v1\ndata: ${JSON.stringify(event)}\n\n`), 50);
    };
    const reads = inTurn(
      { body: jobBody() },
      { body: jobBody({ status: 'running', phase: 'importing', percent: 40, lease: { workerId: 'imp-3' } }) },
      { body: done },
    );
    const { code, out, err, fake } = await against(
      { 'GET /api/v1/events/stream': stream, 'GET /api/v1/jobs/*': reads },
      `jobs watch ${id} --plain --fields status`,
    );
    expect({ code, out }).toEqual({ code: 0, out: 'completed\n' });
    expect(err).toBe('ROAD_TRAFFIC ADD  ████████░░░░░░░░░░░░  40 %  importing on imp-3\nROAD_TRAFFIC ADD  completed\n');
    expect(fake.of('GET', /stream$/)[0]!.query.toString()).toBe(`topic=job&subject=jobs%2F${id}`);
  });

  it('asks again where there is no stream; exit 8 when the job failed', async () => {
    const reads = inTurn(
      { body: jobBody() },
      { body: jobBody() },
      { body: jobBody({ status: 'failed', error: { code: 'BAD', message: 'no' } }) },
    );
    const { code, out } = await against({ 'GET /api/v1/jobs/*': reads }, `jobs watch ${id} --json --quiet`);
    expect(code).toBe(8);
    expect(JSON.parse(out)).toMatchObject({ status: 'failed' });
  });

  it('gives up after --timeout with exit 7, on Ctrl-C with exit 130; the job goes on', async () => {
    const routes = { 'GET /api/v1/jobs/*': () => ({ body: jobBody() }) };
    const late = await against(routes, `jobs watch ${id} --timeout 1 --json`);
    expect(late).toMatchObject({ code: 7, err: expect.stringContaining('it goes on') });
    expect(JSON.parse(late.out)).toEqual(jobBody());
    expect(await against(routes, `jobs watch ${id}`, { signal: AbortSignal.timeout(200) })).toMatchObject({ code: 130, out: '' });
  });

  it('says at once that there is no such job', async () => {
    expect((await against({}, 'jobs watch x')).code).toBe(4);
  });
});

describe('jobs retry', () => {
  it('makes a new job, under one key', async () => {
    const { code, fake } = await against(
      { 'POST /api/v1/jobs/*/retry': inTurn(problem(503, 'SERVICE.UNAVAILABLE'), { status: 201, body: jobBody({ retryOf: id }) }) },
      `jobs retry ${id} --reason again --parameters '{"a":1}'`,
    );
    expect(code).toBe(0);
    const sent = fake.of('POST', /retry$/);
    expect(sent.map(({ body }) => body)).toEqual([
      { reason: 'again', parameters: { a: 1 } },
      { reason: 'again', parameters: { a: 1 } },
    ]);
    expect(sent[0]!.headers['idempotency-key']).toBe(sent[1]!.headers['idempotency-key']);
  });
});

describe('bulk changes', () => {
  const preview = (matched: number) => ({
    body: { matched, ids: ['a', 'b'], sample: [jobBody()], excluded: [{ jobId: 'c', code: 'JOBS.FINAL' }] },
  });
  const bulk =
    (matched: number, outcome: object = { succeeded: matched, failed: 0, results: [] }): Route =>
    ({ body }) =>
      body['dryRun'] ? preview(matched) : { body: outcome };
  const line = 'jobs cancel --filter status=queued --filter operation=ADD --filter operation=CHANGE --reason superseded';

  it('tell with --dry-run what they would do', async () => {
    const { code, out, fake } = await against({ 'POST /api/v1/jobs/bulk': bulk(2) }, `${line} --dry-run`);
    expect(code).toBe(0);
    expect(out).toMatch(/^cancel would change 2 jobs/);
    expect(fake.arrived.map(({ body }) => body)).toEqual([
      { action: 'cancel', filter: { status: 'queued', operation: ['ADD', 'CHANGE'] }, reason: 'superseded', dryRun: true },
    ]);
  });

  it('count first, and happen only for that count', async () => {
    const { code, out, fake } = await against({ 'POST /api/v1/jobs/bulk': bulk(2) }, `${line} --yes`);
    expect({ code, out }).toEqual({ code: 0, out: '2 done, 0 failed.\n' });
    expect(fake.arrived[1]!.body).toMatchObject({ expectedCount: 2 });
  });

  it('are exit 4 when no job fits, with a result for programs', async () => {
    const routes = { 'POST /api/v1/jobs/bulk': bulk(0) };
    const { code, out, fake } = await against(routes, `${line} --json`);
    expect(code).toBe(4);
    expect(JSON.parse(out)).toEqual({ succeeded: 0, failed: 0, results: [] });
    expect(fake.arrived).toHaveLength(1);
    expect(await against(routes, line)).toMatchObject({ code: 4, out: '', err: expect.stringContaining('No job fits') });
  });

  it('ask for the number when they are many', async () => {
    const routes = { 'POST /api/v1/jobs/bulk': bulk(143) };
    expect(await against(routes, `${line} --yes`)).toMatchObject({ code: 2, err: expect.stringContaining('--confirm 143') });
    expect(await against(routes, `${line} --confirm 142`)).toMatchObject({ code: 2 });
    expect((await against(routes, `${line} --confirm 143`)).code).toBe(0);
  });

  it('never ask without a terminal, and ask on one unless --no-input', async () => {
    const routes = { 'POST /api/v1/jobs/bulk': bulk(2) };
    const asked: string[] = [];
    const person = {
      terminal: { out: true, err: true, columns: 80 },
      ask: (question: string) => (asked.push(question), Promise.resolve('y')),
    };
    expect(await against(routes, line, { ask: person.ask })).toMatchObject({ code: 2 });
    expect(await against(routes, `${line} --no-input`, person)).toMatchObject({ code: 2 });
    expect(asked).toEqual([]);
    expect((await against(routes, line, person)).code).toBe(0);
    expect(asked).toEqual(['cancel 2 jobs? [y/N] ']);
  });

  it('are exit 9 when some failed, and say which', async () => {
    const outcome = {
      succeeded: 1,
      failed: 1,
      results: [{ index: 1, jobId: 'b', status: null, problem: { code: 'JOBS.FINAL', detail: 'It is finished.' } }],
    };
    const { code, out } = await against({ 'POST /api/v1/jobs/bulk': bulk(2, outcome) }, 'jobs release a b --reason stuck --yes');
    expect({ code, out }).toEqual({ code: 9, out: '1 done, 1 failed.\n  b  JOBS.FINAL  It is finished.\n' });
  });
});

describe('jobs cancel --force', () => {
  const routes = {
    'GET /api/v1/jobs/*': () => ({ body: jobBody() }),
    'POST /api/v1/jobs/*/cancel': () => ({ status: 202, body: jobBody({ status: 'cancelled' }) }),
  };

  it('wants the name of the dataset', async () => {
    expect(await against(routes, `jobs cancel ${id} --reason r --force`)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--confirm ROAD_TRAFFIC'),
    });
    expect(await against(routes, `jobs cancel ${id} --reason r --force --confirm RAIL`)).toMatchObject({ code: 2 });
    const { code, fake } = await against(routes, `jobs cancel ${id} --reason r --force --confirm ROAD_TRAFFIC`);
    expect(code).toBe(0);
    expect(fake.of('POST', /cancel$/)[0]!.body).toEqual({ reason: 'r', force: true });
  });
});

describe('maintenance', () => {
  const state = (mode: string) => ({
    body: {
      number: 3,
      on: mode !== 'off',
      mode,
      reason: 'Upgrade',
      ticket: null,
      setBy: null,
      since: null,
      until: null,
      remaining: { jobs: 1 },
      remainingJobs: [],
    },
  });

  it('on --wait-quiet waits as long as the service lets it, over and over', async () => {
    const { code, out, fake } = await against(
      {
        'PUT /api/v1/maintenance': () => state('draining'),
        'GET /api/v1/maintenance': inTurn(problem(409, 'MAINTENANCE.NOT_QUIET'), state('quiet')),
      },
      'maintenance on --reason Upgrade --ticket CHG-17 --allow-worker imp-3 --wait-quiet --timeout 100 --plain --fields mode',
    );
    expect({ code, out }).toEqual({ code: 0, out: 'quiet\n' });
    expect(fake.of('PUT', /maintenance$/)[0]).toMatchObject({
      headers: { 'if-match': '*' },
      body: { on: true, reason: 'Upgrade', ticket: 'CHG-17', allow: { workers: ['imp-3'], datasets: [] } },
    });
    expect(fake.of('GET', /maintenance$/).map(({ query }) => query.toString())).toEqual(['wait=quiet&timeout=25', 'wait=quiet&timeout=25']);
  });

  it('wait is exit 7 when time is up, 5 when the switch is off', async () => {
    expect(
      (await against({ 'GET /api/v1/maintenance': () => problem(409, 'MAINTENANCE.NOT_QUIET') }, 'maintenance wait --timeout 1')).code,
    ).toBe(7);
    expect((await against({ 'GET /api/v1/maintenance': () => problem(409, 'MAINTENANCE.OFF') }, 'maintenance wait')).code).toBe(5);
  });

  it('on --wait-quiet prints the switch also when time is up, and says what still runs', async () => {
    const running = { jobId: id, datasetName: 'ROAD_TRAFFIC', operation: 'ADD', phase: null, percent: null, startedAt: null };
    const draining = { ...state('draining').body, remaining: { jobs: 3 }, remainingJobs: [running] };
    const { code, out, err } = await against(
      {
        'PUT /api/v1/maintenance': () => ({ body: draining }),
        'GET /api/v1/maintenance': ({ query }) => (query.has('wait') ? problem(409, 'MAINTENANCE.NOT_QUIET') : { body: draining }),
      },
      'maintenance on --reason Upgrade --wait-quiet --timeout 1 --json',
    );
    expect(code).toBe(7);
    expect(JSON.parse(out)).toEqual(draining);
    expect(err).toContain(`Still running: ROAD_TRAFFIC ADD (job ${id}), 2 more.`);
  });

  it('wait asks again where the service cannot wait', async () => {
    const route: Route = ({ query }) => (query.has('wait') ? problem(400, 'REQUEST.INVALID') : state('quiet'));
    expect((await against({ 'GET /api/v1/maintenance': route }, 'maintenance wait')).code).toBe(0);
  });

  it('deploy-check answers by its exit code', async () => {
    const check =
      (mayDeploy: boolean): Route =>
      () => ({
        body: {
          mayDeploy,
          sentence: mayDeploy ? 'You may.' : '2 jobs run.',
          blockers: mayDeploy ? [] : [{ kind: 'job', count: 2, items: [] }],
        },
      });
    expect(await against({ 'GET /api/v1/maintenance/deploy-check': check(true) }, 'maintenance deploy-check')).toMatchObject({
      code: 0,
      out: 'You may.\n',
    });
    expect(await against({ 'GET /api/v1/maintenance/deploy-check': check(false) }, 'maintenance deploy-check')).toMatchObject({
      code: 5,
      out: '2 jobs run.\n  job: 2\n',
    });
  });
});

describe('workers', () => {
  const worker = {
    workerId: 'imp-3',
    version: '2.4.1',
    operations: ['ADD'],
    state: 'alive',
    lastSeenAt: '2026-06-11T08:15:30.120Z',
    jobs: [],
    drain: null,
  };

  it('are listed, with operations that none can run', async () => {
    const route: Route = () => ({
      body: { items: [worker], nextCursor: null, prevCursor: null, unserved: [{ operation: 'BUMP', since: '2026-06-11T08:15:30.120Z' }] },
    });
    const { out, err } = await against({ 'GET /api/v1/workers': route }, 'workers list');
    expect(out).toMatch(/imp-3 +alive +2\.4\.1 +ADD/);
    expect(err).toContain('No worker can run BUMP');
  });

  it('are drained, undrained and forgotten', async () => {
    const routes = {
      'PUT /api/v1/workers/*/drain': () => ({ body: worker }),
      'DELETE /api/v1/workers/*/drain': () => ({ body: worker }),
      'DELETE /api/v1/workers/*': () => ({ status: 204 }),
    };
    const drained = await against(routes, 'workers drain imp-3 --reason upgrade');
    expect(drained.fake.arrived[0]).toMatchObject({ path: '/api/v1/workers/imp-3/drain', body: { reason: 'upgrade' } });
    expect((await against(routes, 'workers undrain imp-3')).code).toBe(0);
    expect((await against(routes, 'workers forget imp-3')).code).toBe(0);
  });
});

describe('events tail', () => {
  it('prints one event a line and goes on from a number', async () => {
    const data = {
      id: 'a:1',
      type: 'job.created.v1',
      subject: 'jobs/a',
      time: '2026-06-11T08:15:30.120Z',
      seq: 6,
      data: { datasetName: 'A' },
    };
    const stream: Route = () => (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`id: 6\nevent: job.created.v1\ndata: ${JSON.stringify(data)}\n\n`);
    };
    const { code, out, fake } = await against(
      { 'GET /api/v1/events/stream': stream },
      'events tail --topic job --after-seq 5 --limit 1 --json',
    );
    expect({ code, out }).toEqual({ code: 0, out: `${JSON.stringify(data)}\n` });
    expect(fake.arrived[0]!.query.toString()).toBe('topic=job&afterSeq=5');
  });
});
