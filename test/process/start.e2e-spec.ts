import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CompatClient, freshTarget } from '../support/compat-client.js';
import { testMongodbUrl, withConnection } from '../support/database.js';
import { HttpClient } from '../support/http-client.js';
import { freeLoopbackPort } from './free-port.js';
import { openCompat, startService, waitUntilReady, withService } from '../support/service.js';
import { type Ended, run } from './run-service.js';

/** Resolves once readiness is 503; the test's time limit ends it otherwise. */
async function waitUntilUnready(http: HttpClient): Promise<void> {
  while ((await http.get('/health/ready')).status !== 503) await sleep(50);
}

describe('the start of the service', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'signalbox-start-'));
  });
  afterEach(async () => {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });

  /** One clear message without a stack trace. */
  const expectRefusal = ({ status, stderr }: Ended, expected: number, message: RegExp) => {
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(status).toBe(expected);
  };

  it('ends with 2 and names every wrong setting at once', async () => {
    const wrong = { PORT: '99999', COMPAT_AUTH: 'open', JOBS_MAX_FAILURES: '0', MONGODB_URL: 'http://x', HOST: '' };
    const ended = await run({ DATA_DIR: dataDir, ...wrong });
    expectRefusal(ended, 2, /settings are not usable/);
    for (const name of Object.keys(wrong)) expect(ended.stderr).toContain(`  ${name} `);
    expect(ended.stdout).toBe('');
  }, 60_000);

  it('ends with 2 for settings that do not fit each other', async () => {
    expectRefusal(await run({ DATA_DIR: dataDir, JWKS_URL: 'https://keys.example' }), 2, /JWT_ISSUER and JWT_AUDIENCE/);
    expectRefusal(await run({ DATA_DIR: dataDir, JWT_AUTH: 'false' }), 2, /COMPAT_AUTH=reference/);
  }, 60_000);

  it('ends with 2 for folders that cannot be used', async () => {
    const ended = await run({ DATA_DIR: '/proc/signalbox', INPUT_DIR: process.execPath });
    expectRefusal(ended, 2, /DATA_DIR: \/proc\/signalbox cannot be used as a folder/);
    expect(ended.stderr).toContain(`INPUT_DIR: ${process.execPath} cannot be used as a folder`);
  }, 60_000);

  it('ends with 2 for options of the database address that the driver does not know or cannot read', async () => {
    for (const [option, message] of [
      ['foo=bar', /MONGODB_URL .*option foo is not supported/],
      ['tls=maybe', /MONGODB_URL .*tls\/ssl must be/],
      ['maxPoolSize=abc', /MONGODB_URL .*maxPoolSize/],
    ] as const) {
      const ended = await run({ DATA_DIR: dataDir, MONGODB_URL: `mongodb://user:hunter2@127.0.0.1:1/x?${option}` });
      expectRefusal(ended, 2, message);
      expect(ended.stdout + ended.stderr).not.toContain('hunter2');
    }
  }, 120_000);

  it('ends with 2 where a folder stands in the place of one of its files', async () => {
    for (const name of ['address', 'admin-token']) await mkdir(join(dataDir, name));
    const ended = await run({ DATA_DIR: dataDir });
    for (const name of ['address', 'admin-token']) expectRefusal(ended, 2, new RegExp(`DATA_DIR: .*/${name} is a folder.*Remove it`));
  }, 60_000);

  it('names a port in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const ended = await run({ DATA_DIR: dataDir, HOST: '127.0.0.1', PORT: String(port) });
    taken.close();
    expectRefusal(ended, 1, new RegExp(`${port}.*`));
  }, 60_000);

  it('names a database program that is none', async () => {
    expectRefusal(await run({ DATA_DIR: dataDir, MONGOD_BINARY: '/nowhere/mongod' }), 1, /MONGOD_BINARY|\/nowhere\/mongod/);
    expectRefusal(await run({ DATA_DIR: dataDir, MONGOD_BINARY: process.execPath }), 1, /MONGOD_BINARY|node/);
  }, 90_000);

  it('writes nothing before the database is prepared: who tries from the first moment on gets one job for a dataset', async () => {
    const port = await freeLoopbackPort();
    const http = new HttpClient(`http://127.0.0.1:${port}`);
    let stopped = false;
    const seen = new Map<string, number>();
    const hammer = async (): Promise<void> => {
      while (!stopped) {
        const reply = await http.post('/jobs', { jobs: [{ operation: 'ADD', target: 'FIRST' }] }).catch(() => null);
        const outcome = reply?.status === 200 ? reply.json<{ msg: string }[]>()[0]!.msg : String(reply?.status ?? 'refused');
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
        await sleep(2);
      }
    };
    const hammering = Array.from({ length: 20 }, hammer);
    const service = await startService({
      database: 'own',
      dataDir,
      env: { ...openCompat, PORT: String(port) },
      startTimeoutMs: 90_000,
    });
    try {
      while (!seen.has('FAILED')) await sleep(20);
      stopped = true;
      await Promise.all(hammering);
      expect(seen.get('CREATED')).toBe(1);
      expect([...seen.keys()].filter((outcome) => !['CREATED', 'FAILED', 'refused', '503'].includes(outcome))).toEqual([]);
      expect(await new CompatClient(service.http).list('/jobs')).toHaveLength(1);
    } finally {
      stopped = true;
      http.close();
      await service.stop();
    }
  }, 120_000);

  it('takes nothing while a unique index is missing, names the repair, and goes on once it is there again', async () => {
    await withService({ env: { ...openCompat } }, async (service) => {
      const compat = new CompatClient(service.http);
      await compat.create('KEPT');
      await withConnection(testMongodbUrl(), service.databaseName!, async (connection) => {
        await connection.collection('inprogress').dropIndex('one_job_per_dataset');
        const noticed = async (status: number) => {
          while ((await service.http.get('/health/ready')).status !== status) await sleep(100);
        };
        await noticed(503);
        const refused = await service.http.post('/jobs', { jobs: [{ operation: 'ADD', target: 'KEPT' }] });
        expect([refused.status, refused.headers['retry-after']]).toEqual([503, '2']);
        expect((await service.http.get('/health/live')).status).toBe(200);
        expect(service.output()).toMatch(/inprogress\.one_job_per_dataset is missing; repair: db\.inprogress\.createIndex/);
        await connection.collection('inprogress').createIndex({ datasetName: 1 }, { name: 'one_job_per_dataset', unique: true });
        await noticed(200);
        await compat.create('ANOTHER');
      });
    });
  }, 240_000);

  it('refuses a data folder that another process uses, finds its data after SIGKILL, and stops at both signals', async () => {
    const target = freshTarget();
    const options = { database: 'own', dataDir, env: openCompat, startTimeoutMs: 90_000 } as const;
    const first = await startService(options);
    const id = await new CompatClient(first.http).create(target);
    expectRefusal(await run({ DATA_DIR: dataDir }), 1, /in use|used by|another/i);
    await first.kill();
    first.http.close();
    const second = await startService(options);
    expect(await new CompatClient(second.http).job(id)).toMatchObject({ jobId: id, status: 'queued' });
    process.kill(second.pid, 'SIGTERM');
    await second.stop();
    expect(second.output()).toContain('"stopped"');
    const third = await startService(options);
    expect(await new CompatClient(third.http).job(id)).toMatchObject({ jobId: id });
    await third.stop();
    expect(third.output()).toContain('"stopped"');
  }, 240_000);
});

describe('an outage of the database', () => {
  it('is a 503 with Retry-After and readiness false, and heals', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-outage-'));
    try {
      await withService({ database: 'own', dataDir, env: openCompat, startTimeoutMs: 90_000 }, async (service) => {
        const compat = new CompatClient(service.http);
        const id = await compat.create(freshTarget());
        const authorization = { authorization: `Bearer ${await service.token('reader')}` };
        const { mongod } = JSON.parse(await readFile(join(dataDir, 'mongodb-state.json'), 'utf8')) as { mongod: { pid: number } };
        process.kill(mongod.pid, 'SIGSTOP');
        try {
          const problem = await service.http.get(`/api/v1/jobs/${id}`, authorization);
          expect([problem.status, problem.json<{ code: string }>().code]).toEqual([503, 'SERVICE.UNAVAILABLE']);
          expect(problem.headers['content-type']).toContain('application/problem+json');
          expect(Number(problem.headers['retry-after'])).toBeGreaterThan(0);
          await waitUntilUnready(service.http);
          expect((await service.http.get('/health/live')).status).toBe(200);
        } finally {
          process.kill(mongod.pid, 'SIGCONT');
        }
        await waitUntilReady(service.http, 60_000);
        expect(await compat.job(id)).toMatchObject({ jobId: id, status: 'queued' });
      });
    } finally {
      await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    }
  }, 240_000);
});
