import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type FakeService, jobBody, problem, type Route, withFakeService } from './fake-service.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const id = jobBody().jobId;
const calm = { leaseExpiresAt: '2026-06-11T08:16:30.000Z', heartbeatSeconds: 0.05, control: { cancel: null, drain: null }, version: 2 };

/** Runs an example until it has said how its one job ended. */
async function runExample(
  command: string,
  path: string,
  routes: Readonly<Record<string, Route>> = {},
): Promise<{ fake: FakeService; out: string; code: number | null }> {
  let claims = 0;
  const claim: Route = async () => {
    if (claims++ === 0)
      return {
        body: {
          job: jobBody({ status: 'running', checkpoint: null }),
          leaseToken: 'token-1',
          leaseExpiresAt: calm.leaseExpiresAt,
          heartbeatSeconds: 0.05,
          reason: null,
        },
      };
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
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (/complete|fail|lost|released/.test(out)) child.kill('SIGTERM');
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
    const { fake, code } = await runExample(command, path);
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
    const { fake, out } = await runExample(command, path, { 'POST /api/v1/jobs/*/heartbeat': () => problem(409, 'JOBS.LEASE_LOST') });
    expect(out).toContain('lost');
    expect(fake.of('POST', /(complete|fail|release)$/)).toEqual([]);
  }, 20_000);

  it('stops its work when the job is cancelled', async () => {
    const control = { cancel: { reason: 'wrong file', by: 'Kari' }, drain: null };
    const { fake } = await runExample(command, path, { 'POST /api/v1/jobs/*/heartbeat': () => ({ body: { ...calm, control } }) });
    expect(fake.of('POST', /complete$/)).toEqual([]);
    expect(fake.of('POST', /(fail|release)$/)).toHaveLength(1);
  }, 20_000);
});

it('the Python example is about 60 lines', async () => {
  const { readFile } = await import('node:fs/promises');
  const lines = (await readFile(`${root}examples/worker.py`, 'utf8')).split('\n').filter((line) => line.trim() !== '');
  expect(lines.length).toBeLessThan(75);
});
