import { describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type FakeService, jobBody, problem, type Route, withFakeService } from './fake-service.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const id = jobBody().jobId;
const calm = { leaseExpiresAt: '2026-06-11T08:16:30.000Z', heartbeatSeconds: 0.05, control: { cancel: null, drain: null }, version: 2 };

const leased = {
  body: {
    job: jobBody({ status: 'running', checkpoint: null }),
    leaseToken: 'token-1',
    leaseExpiresAt: calm.leaseExpiresAt,
    heartbeatSeconds: 0.05,
    reason: null,
  },
};

/** Runs an example until it has said how its one job ended. */
async function runExample(
  [command, path]: readonly [string, string],
  routes: Readonly<Record<string, Route>> = {},
  onStart: (child: ChildProcess) => void = () => undefined,
): Promise<{ fake: FakeService; out: string; code: number | null }> {
  let claims = 0;
  const claim: Route = async () => {
    if (claims++ === 0) return leased;
    await sleep(20);
    return { body: { job: null, reason: 'empty', detail: null, retryAfterSeconds: 0 } };
  };
  const all = {
    'POST /api/v1/jobs/claim': claim,
    'POST /api/v1/jobs/*/heartbeat': () => ({ body: calm }),
    'POST /api/v1/jobs/*/*': () => ({ body: jobBody() }),
    ...routes,
  };
  return withFakeService(all, async (fake) => {
    const env = { ...process.env, SIGNALBOX_URL: fake.url, SIGNALBOX_TOKEN: 'secret', STEP_SECONDS: '0.03' };
    const child = spawn(command, [path], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
    onStart(child);
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (!child.killed && /complete|fail|lost|released/.test(out)) child.kill('SIGTERM');
    });
    const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
    return { fake, out, code };
  });
}

describe.each([
  ['python3', 'examples/worker.py'],
  [process.execPath, 'examples/worker.mjs'],
])('%s %s', (command, path) => {
  it('claims, beats with its progress, completes, and stops when it is told', async () => {
    const { fake, code } = await runExample([command, path]);
    expect(code).toBe(0);
    expect(fake.of('POST', /claim$/)[0]!.body).toMatchObject({ operations: ['ADD', 'CHANGE'], claimId: expect.any(String) });
    expect(fake.of('POST', /heartbeat$/).some(({ body }) => body['phase'] === 'transforming' && body['leaseToken'] === 'token-1')).toBe(
      true,
    );
    expect(fake.of('POST', new RegExp(`${id}/complete$`)).map(({ body }) => body)).toEqual([
      { leaseToken: 'token-1', result: { steps: 10 } },
    ]);
  }, 20_000);

  it('writes nothing once its lease is lost', async () => {
    const { fake, out } = await runExample([command, path], { 'POST /api/v1/jobs/*/heartbeat': () => problem(409, 'JOBS.LEASE_LOST') });
    expect(out).toContain('lost');
    expect(fake.of('POST', /(complete|fail|release)$/)).toEqual([]);
  }, 20_000);

  it('stops its work when the job is cancelled', async () => {
    const control = { cancel: { reason: 'wrong file', by: 'Kari' }, drain: null };
    const { fake } = await runExample([command, path], { 'POST /api/v1/jobs/*/heartbeat': () => ({ body: { ...calm, control } }) });
    expect(fake.of('POST', /complete$/)).toEqual([]);
    expect(fake.of('POST', /(fail|release)$/)).toHaveLength(1);
  }, 20_000);
});

describe('the Python example', () => {
  /** The example with another end of its work. */
  async function withWork(statement: string, routes: Readonly<Record<string, Route>> = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'example-'));
    const path = join(folder, 'worker.py');
    const text = await readFile(`${root}examples/worker.py`, 'utf8');
    expect(text).toContain('return {"steps": 10}');
    await writeFile(path, text.replace('return {"steps": 10}', statement));
    try {
      const { fake, code } = await runExample(['python3', path], routes);
      expect(code).toBe(0);
      return fake.of('POST', /fail$/).map(({ body }) => body);
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  it.each([
    ['raise AssertionError()', 'AssertionError()'],
    ['raise SystemExit(3)', 'SystemExit(3)'],
    ['return {"steps": {1}}', 'not JSON serializable'],
  ])(
    'fails its job and goes on after %s',
    async (statement, said) => {
      expect(await withWork(statement)).toEqual([
        { leaseToken: 'token-1', error: { code: 'EXAMPLE_FAILED', message: expect.stringContaining(said) }, retryable: true },
      ]);
    },
    20_000,
  );

  it('fails its job for good when its result, or a report, is refused', async () => {
    const refused: Route = () => problem(400, 'REQUEST.INVALID', { detail: 'larger than 16 KiB' });
    const told = [
      { leaseToken: 'token-1', error: { code: 'EXAMPLE_FAILED', message: expect.stringContaining('16 KiB') }, retryable: false },
    ];
    expect(await withWork('return {"steps": 10}', { [`POST /api/v1/jobs/${id}/complete`]: refused })).toEqual(told);
    expect(await withWork('return {"steps": 10}', { 'POST /api/v1/jobs/*/heartbeat': refused })).toEqual(told);
  }, 20_000);

  it('gives a job back that it is handed after it was told to stop', async () => {
    let child: ChildProcess | undefined;
    const claim: Route = async () => {
      child!.kill('SIGTERM');
      await sleep(200);
      return leased;
    };
    const { fake, code } = await runExample(['python3', 'examples/worker.py'], { 'POST /api/v1/jobs/claim': claim }, (started) => {
      child = started;
    });
    expect(code).toBe(0);
    expect(fake.of('POST', /release$/).map(({ body }) => body)).toEqual([{ leaseToken: 'token-1' }]);
    expect(fake.of('POST', /(claim|heartbeat|complete|fail)$/)).toHaveLength(1);
  }, 20_000);

  it('has 60 lines at most', async () => {
    expect((await readFile(`${root}examples/worker.py`, 'utf8')).trimEnd().split('\n').length).toBeLessThanOrEqual(60);
  });
});
