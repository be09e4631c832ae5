import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findMongod } from '../../src/database/embedded/finder/mongod-finder.js';
import { freeLoopbackPort } from './free-port.js';
import { run } from './run-service.js';

describe('a mongod that is no replica set', () => {
  let folder: string;
  let port: number;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'signalbox-standalone-'));
    port = await freeLoopbackPort();
    const binary = process.env['MONGOD_BINARY'] ?? (await findMongod({ env: process.env })).path;
    const where = ['--dbpath', folder, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'];
    const mongod = spawn(binary, where, { stdio: 'ignore' });
    const ended = once(mongod, 'exit');
    stop = async () => {
      mongod.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    };
  }, 120_000);
  afterAll(() => stop(), 30_000);

  it('is refused in one clear message that says what is needed', async () => {
    const { status, stderr } = await run({
      DATA_DIR: join(folder, 'data'),
      MONGODB_URL: `mongodb://127.0.0.1:${port}/?directConnection=true`,
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/replica set/i);
    expect(stderr).not.toMatch(/^\s+at /m);
  }, 90_000);
});
