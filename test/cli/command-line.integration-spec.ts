import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeService, jobBody, problem, type Route, withFakeService } from '../client/fake-service.js';
import { against } from './against.js';
import { run } from './run.js';

const id = jobBody().jobId;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

const page =
  (items: readonly object[], nextCursor: string | null = null): Route =>
  () => ({ body: { items, nextCursor, prevCursor: null } });

describe('output', () => {
  const jobs = page([jobBody(), jobBody({ jobId: 'b', status: 'running', phase: 'importing', percent: 62, lease: { workerId: 'imp-3' } })]);

  it('is a table for people, without colours outside a terminal', async () => {
    const { code, out, err } = await against({ 'GET /api/v1/jobs': jobs }, 'jobs list');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.split('\n')[0]).toMatch(/^JOB +DATASET +OPERATION +STATE +WORKER +CREATED$/);
    expect(out).toMatch(/running importing 62 % +imp-3/);
    expect(out).not.toContain('\u001b');
  });

  it('is the document of the API with --json, one item a line with --jsonl, tabs with --plain', async () => {
    const json = await against({ 'GET /api/v1/jobs': jobs }, 'jobs list --json');
    expect(JSON.parse(json.out)).toMatchObject({ items: [{ jobId: id }, { jobId: 'b' }], nextCursor: null });
    const lines = (await against({ 'GET /api/v1/jobs': jobs }, '--jsonl jobs list')).out.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { jobId: string }).jobId)).toEqual([id, 'b']);
    expect((await against({ 'GET /api/v1/jobs': jobs }, 'jobs list --plain --fields jobId,lease.workerId')).out).toBe(
      `${id}\t-\nb\timp-3\n`,
    );
    expect(JSON.parse((await against({ 'GET /api/v1/jobs': jobs }, 'jobs list --json --fields status')).out)).toMatchObject({
      items: [{ status: 'queued' }, { status: 'running' }],
    });
  });

  it('colours a terminal, unless NO_COLOR or --no-color asks for none', async () => {
    const terminal = { terminal: { out: true, err: true, columns: 80 } };
    const routes = { 'GET /api/v1/jobs': jobs };
    expect((await against(routes, 'jobs list', terminal)).out).toContain('\u001b[33mrunning');
    expect((await against(routes, 'jobs list --no-color', terminal)).out).not.toContain('\u001b');
    expect((await against(routes, 'jobs list', { ...terminal, env: { NO_COLOR: '1' } })).out).not.toContain('\u001b');
  });

  it('shows what would command the terminal', async () => {
    const log = page([{ at: '2026-06-11T08:15:30.120Z', message: 'bad \u001b[2J\nnext' }]);
    const { out } = await against({ [`GET /api/v1/jobs/${id}/log`]: log }, `jobs logs ${id}`);
    expect(out).toContain('bad \\u001b[2J\\nnext');
  });

  it('goes from page to page until the limit, or to the end', async () => {
    const asked: (string | null)[] = [];
    const pages: Route = ({ query }) => {
      asked.push(query.get('limit'));
      return page([jobBody()], query.get('cursor') ? null : 'c2')({} as never);
    };
    const first = await against({ 'GET /api/v1/jobs': pages }, 'jobs list --limit 1');
    expect(first.err).toContain('Add --all or --limit N for more.');
    expect((await against({ 'GET /api/v1/jobs': pages }, 'jobs list --all --jsonl')).out.trim().split('\n')).toHaveLength(2);
    expect(asked).toEqual(['1', '200', '200']);
  });

  it('repeats filters as the API wants them', async () => {
    const { fake } = await against(
      { 'GET /api/v1/jobs': jobs },
      'jobs list --status failed --status cancelled --filter operation=!BUMP --filter tag=x=y',
    );
    expect(fake.arrived[0]!.query.getAll('status')).toEqual(['failed', 'cancelled']);
    expect(fake.arrived[0]!.query.get('operation')).toBe('!BUMP');
    expect(fake.arrived[0]!.query.get('tag')).toBe('x=y');
  });

  it('tells the requests as curl, without the token', async () => {
    const { err } = await against(
      { 'POST /api/v1/jobs': () => ({ status: 201, body: jobBody() }) },
      'jobs create --dataset A --operation ADD --curl',
    );
    expect(err).toMatch(
      /^curl -sS -X POST http:\S+\/api\/v1\/jobs .*-H "Authorization: Bearer \$SIGNALBOX_TOKEN".* -d '\{"datasetName":"A","operation":"ADD"\}'\n$/,
    );
    expect(err).not.toContain('secret');
  });
});

describe('errors', () => {
  it('end with title, cure, code, link and request id', async () => {
    const cure = { 'GET /docs/errors/JOBS.NOT_FOUND': () => ({ body: { cure: 'Look again.' } }) };
    const { code, out, err, fake } = await against({ 'GET /api/v1/jobs/*': () => problem(404, 'JOBS.NOT_FOUND'), ...cure }, 'jobs get x');
    expect({ code, out }).toEqual({ code: 4, out: '' });
    expect(err).toBe(
      `error: JOBS.NOT_FOUND: JOBS.NOT_FOUND happened\ncure: Look again.\ncode: JOBS.NOT_FOUND (404)\nlink: ${fake.url}/docs/errors/JOBS.NOT_FOUND\nrequest: r-1\n`,
    );
  });

  it.each([
    [400, 'REQUEST.INVALID', 6],
    [401, 'AUTH.TOKEN_MISSING', 3],
    [403, 'AUTH.ROLE_MISSING', 3],
    [404, 'JOBS.NOT_FOUND', 4],
    [409, 'JOBS.FINAL', 5],
    [412, 'PRECONDITION.FAILED', 5],
    [422, 'IDEMPOTENCY.KEY_REUSED', 6],
    [500, 'SERVICE.UNEXPECTED', 1],
    [503, 'REQUEST.TOO_BROAD', 7],
  ])('%i %s is exit code %i', async (status, code, exit) => {
    expect((await against({ 'GET /api/v1/jobs': () => problem(status, code) }, 'jobs list')).code).toBe(exit);
  });

  it('of a wrong use are exit 2, told on stderr', async () => {
    for (const line of [
      'jobs frobnicate',
      'jobs list --limit 0',
      'jobs list --limit 1 --all',
      'jobs list --json --plain',
      'jobs cancel x',
      'jobs cancel --reason y',
      'jobs create --dataset A',
      'jobs create --dataset A --operation ADD --parameters [1]',
      'maintenance on',
      'completion tcsh',
      'jobs list --filter status',
    ]) {
      const { code, out, err } = await run(line, { SIGNALBOX_URL: 'http://127.0.0.1:9', DATA_DIR: folder });
      expect({ line, code, out }).toEqual({ line, code: 2, out: '' });
      expect(err).toMatch(/^error: /);
    }
  });
});

describe('connection', () => {
  const accepting: Readonly<Record<string, Route>> = { 'GET /api/v1/jobs': page([]) };
  const tokenOf = ({ fake }: { fake: FakeService }) => fake.of('GET', /jobs$/)[0]?.headers.authorization;

  it('finds the service of the data folder and its admin token', () =>
    withFakeService(accepting, async (fake) => {
      const dataDir = await mkdtemp(join(folder, 'data-'));
      await writeFile(join(dataDir, 'address'), `${fake.url}\n`);
      await writeFile(join(dataDir, 'admin-token'), 'admin\n');
      expect((await run('jobs list', { DATA_DIR: dataDir })).code).toBe(0);
      expect(tokenOf({ fake })).toBe('Bearer admin');
    }));

  it('never sends the admin token of a data folder elsewhere', () =>
    withFakeService(accepting, async (fake) => {
      const dataDir = await mkdtemp(join(folder, 'data-'));
      await writeFile(join(dataDir, 'address'), 'http://127.0.0.1:9\n');
      await writeFile(join(dataDir, 'admin-token'), 'admin\n');
      await run(`jobs list --url ${fake.url}`, { DATA_DIR: dataDir });
      expect(tokenOf({ fake })).toBeUndefined();
    }));

  it('takes address and token of a profile, or of flags, which go before', () =>
    withFakeService(accepting, async (fake) => {
      const config = await mkdtemp(join(folder, 'config-'));
      await mkdir(join(config, 'signalbox'));
      await writeFile(join(config, 'token'), 'from-file\n');
      const profiles = { profiles: { test: { url: fake.url, tokenFile: join(config, 'token') } } };
      await writeFile(join(config, 'signalbox', 'profiles.json'), JSON.stringify(profiles));
      const env = { XDG_CONFIG_HOME: config, DATA_DIR: folder };
      await run('jobs list --profile test', env);
      await run('jobs list --profile test --token-file -', env, { readInput: () => Promise.resolve('from-stdin\n') });
      await run('jobs list', { ...env, SIGNALBOX_TOKEN: 'from-env', SIGNALBOX_PROFILE: 'test' });
      await run('jobs list --profile test', { ...env, SIGNALBOX_TOKEN: 'from-env', SIGNALBOX_URL: 'http://127.0.0.1:9' });
      expect(fake.arrived.map(({ headers }) => headers.authorization)).toEqual([
        'Bearer from-file',
        'Bearer from-stdin',
        'Bearer from-env',
        'Bearer from-file',
      ]);
      expect(await run('jobs list --profile other', env)).toMatchObject({ code: 2, err: expect.stringContaining('it has test') });
    }));

  it('says how to get a service where there is none', async () => {
    const { code, err } = await run('jobs list', { DATA_DIR: join(folder, 'nothing'), HOME: folder });
    expect(code).toBe(2);
    expect(err).toContain('SIGNALBOX_URL');
    expect(await run('doctor', { DATA_DIR: join(folder, 'nothing'), HOME: folder })).toMatchObject({
      code: 1,
      out: expect.stringContaining('failed address'),
    });
  });

  it('warns of an admin token that others can read', async () => {
    const dataDir = await mkdtemp(join(folder, 'data-'));
    await writeFile(join(dataDir, 'admin-token'), 'admin\n');
    await chmod(join(dataDir, 'admin-token'), 0o644);
    expect((await run('doctor', { DATA_DIR: dataDir, HOME: folder })).out).toContain('can be read by others');
  });
});

describe('config print', () => {
  it('masks secrets', async () => {
    const { code, out, err } = await run('config print', {
      MONGODB_URL: 'mongodb://user:geheim@db:27017/x',
      METRICS_TOKEN: 'geheim',
      MONGODB_URLS: 'x',
    });
    expect(code).toBe(0);
    expect(out).toContain('mongodb://user:***@db:27017/x');
    expect(out).toMatch(/metricsToken +\*\*\*/);
    expect(out + err).not.toContain('geheim');
    expect(err).toContain('did you mean MONGODB_URL');
  });
});

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish'])('knows every noun and verb in %s', async (shell) => {
    const { out } = await run(`completion ${shell}`, {});
    for (const word of ['jobs', 'maintenance', 'deploy-check', 'undrain', 'explain']) expect(out).toContain(word);
  });
});
