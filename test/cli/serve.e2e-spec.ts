import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../events/eventually.js';
import { freshDatabaseName, testMongodbUrl, withConnection } from '../support/database.js';
import { run } from './run.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The program as people start it, with what it wrote. */
function start(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): { child: ChildProcess; output: () => string; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [join(root, 'dist/cli/signalbox.js'), ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  return { child, output: () => chunks.join(''), ended: new Promise((resolve) => child.once('close', (code) => resolve(code))) };
}

describe('the program that runs and prepares a service', () => {
  let dataDir: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'signalbox-serve-'));
    env = {
      PATH: process.env['PATH'],
      HOME: dataDir,
      DATA_DIR: dataDir,
      MONGODB_URL: testMongodbUrl(),
      MONGODB_DATABASE: freshDatabaseName(),
      PORT: '0',
      LOG_FORMAT: 'json',
    };
  });
  afterAll(async () => {
    await withConnection(testMongodbUrl(), env['MONGODB_DATABASE']!, (connection) => connection.dropDatabase());
    await rm(dataDir, { recursive: true, force: true });
  });

  it('migrate makes collections and indexes, may be repeated, and serves nothing', async () => {
    for (let round = 0; round < 2; round++) {
      const { ended, output } = start(['migrate'], env);
      expect({ code: await ended, text: output() }).toMatchObject({
        code: 0,
        text: expect.stringContaining('the database is of this version'),
      });
      expect(output()).not.toContain('listening');
    }
    const indexes = await withConnection(testMongodbUrl(), env['MONGODB_DATABASE']!, (connection) =>
      connection.collection('inprogress').indexes(),
    );
    expect(indexes.map(({ name }) => name)).toContain('one_job_per_dataset');
  });

  it('migrate says what is wrong: exit 2 for settings, 1 for a database that is not there', async () => {
    const wrong = start(['migrate'], { ...env, PORT: 'many' });
    expect({ code: await wrong.ended, text: wrong.output() }).toMatchObject({ code: 2, text: expect.stringContaining('PORT') });
    const away = start(['migrate'], { ...env, MONGODB_URL: 'mongodb://127.0.0.1:1/?replicaSet=rs0' });
    expect(await away.ended).toBe(1);
  });

  it('serve runs the service until it is told to stop', async () => {
    const { child, output, ended } = start(['serve'], env);
    await eventually(() => output().includes('"listening"'));
    await eventually(async () => (await run('health --plain --fields status', env)).out === 'ready\n');
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(output()).toContain('"stopped"');
    expect((await run('health', env)).code).toBe(7);
  });

  it('serve passes wrong settings on: exit 2, one clear message', async () => {
    const { ended, output } = start(['serve'], { ...env, PORT: 'many' });
    expect(await ended).toBe(2);
    expect(output()).toMatch(/^The settings are not usable:\n {2}PORT /);
  });

  it('login tries a token and keeps it, where only its owner can read it', async () => {
    const { child, output, ended } = start(['serve'], env);
    await eventually(() => output().includes('"listening"'));
    const url = (await readFile(join(dataDir, 'address'), 'utf8')).trim();
    const token = (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();
    const home = await mkdtemp(join(tmpdir(), 'signalbox-login-'));
    const own = { HOME: home, DATA_DIR: home };
    const from = (text: string) => ({ readInput: () => Promise.resolve(text) });
    try {
      expect(await run(`login --url ${url} --token-file -`, own, from('nonsense'))).toMatchObject({ code: 3, out: '' });
      expect(await run(`login --url ${url}`, own)).toMatchObject({ code: 2, err: expect.stringContaining('--token-file') });
      expect(await run('login --token-file -', own, from(token))).toMatchObject({ code: 2, err: expect.stringContaining('--url') });
      const kept = await run(`login --url ${url}/ --token-file - --json`, own, from(`${token}\n`));
      const tokenFile = join(home, '.config/signalbox/default.token');
      expect({ code: kept.code, ...(JSON.parse(kept.out) as object) }).toEqual({ code: 0, profile: 'default', url, tokenFile });
      expect(kept.out + kept.err).not.toContain(token);
      for (const path of [tokenFile, join(home, '.config/signalbox/profiles.json')]) expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect(await run('jobs list --json', own)).toMatchObject({ code: 0, err: '' });
      expect((await run('login --profile second --token-file - --json', { ...own, SIGNALBOX_URL: url }, from(token))).code).toBe(0);
      const profiles = JSON.parse(await readFile(join(home, '.config/signalbox/profiles.json'), 'utf8')) as object;
      expect(profiles).toMatchObject({ default: 'default', profiles: { default: { url }, second: { url } } });
    } finally {
      child.kill('SIGINT');
      await ended;
      await rm(home, { recursive: true, force: true });
    }
  });
});
