import { once } from 'node:events';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import mongoose from 'mongoose';
import type { EmbeddedMongod } from '../../src/database/embedded/embedded-mongod.js';
import { findMongod } from '../../src/database/embedded/finder/mongod-finder.js';
import { identityOf } from '../../src/database/embedded/process-identity.js';
import { startEmbedded, startOwner, withClient, withDataFolder, withEmbedded } from './embedded-database.js';
import { writeScript } from './fake-programs.js';

jest.setTimeout(120_000);

const durable = { writeConcern: { w: 'majority', j: true } } as const;

const insert = (url: string, name: string) =>
  withClient(url, (db) => db.collection<{ name: string }>('things').insertOne({ name }, durable));

const namesIn = (url: string) =>
  withClient(url, async (db) => (await db.collection('things').find().sort({ _id: 1 }).toArray()).map(({ name }) => String(name)));

const isRefused = (url: string) =>
  withClient(url, (db) => db.collection('things').countDocuments()).then(
    () => false,
    (error: Error) => error instanceof mongoose.mongo.MongoServerError,
  );

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

async function kill(mongod: EmbeddedMongod): Promise<void> {
  const ready = once(mongod, 'ready');
  process.kill(mongod.pid, 'SIGKILL');
  await once(mongod, 'down');
  expect(mongod.isReady).toBe(false);
  await ready;
}

describe('the first start', () => {
  it('makes a replica set of one that asks for a password and keeps its secrets to its owner', async () => {
    await withDataFolder((dataDir) =>
      withEmbedded(dataDir, async (mongod) => {
        const hello = await withClient(mongod.url, (db) => db.command({ hello: 1 }));
        expect(hello).toMatchObject({ setName: 'signalbox', isWritablePrimary: true, hosts: [`127.0.0.1:${mongod.port}`] });
        expect(await isRefused(`mongodb://127.0.0.1:${mongod.port}/?directConnection=true`)).toBe(true);
        expect(await isRefused(mongod.url.replace(/:[0-9a-f]{48}@/, ':wrong@'))).toBe(true);
        expect(await readFile(mongod.urlFile, 'utf8')).toBe(`${mongod.url}\n`);
        expect(await modeOf(join(dataDir, 'mongodb'))).toBe('700');
        for (const name of ['mongodb-url', 'mongodb-key', 'mongodb-state.json', 'owner.lock', 'mongodb.log']) {
          expect([name, await modeOf(join(dataDir, name))]).toEqual([name, '600']);
        }
      }),
    );
  });

  it('can be cut off anywhere and is completed by the next one', async () => {
    await withDataFolder(async (dataDir) => {
      for (const afterMs of [50, 400, 800, 1_200]) {
        const abort = AbortSignal.timeout(afterMs);
        await startEmbedded(dataDir, { signal: abort })
          .then((mongod) => mongod.close())
          .catch((error: unknown) => expect(error).toBe(abort.reason));
      }
      await withEmbedded(dataDir, ({ url }) => insert(url, 'first').then(() => undefined));
    });
  });
});

describe('a later start', () => {
  it('finds port, password and data again', async () => {
    await withDataFolder(async (dataDir) => {
      let first = '';
      await withEmbedded(dataDir, async ({ url }) => void (await insert((first = url), 'kept')));
      await withEmbedded(dataDir, async ({ url }) => {
        expect(url).toBe(first);
        expect(await namesIn(url)).toEqual(['kept']);
      });
    });
  });

  it('moves to another port when somebody else has taken the recorded one', async () => {
    await withDataFolder(async (dataDir) => {
      let taken = 0;
      await withEmbedded(dataDir, async ({ url, port }) => void (await insert(url, 'kept'), (taken = port)));
      const stranger = createServer((socket) => socket.destroy()).listen(taken, '127.0.0.1');
      await once(stranger, 'listening');
      await withEmbedded(dataDir, async ({ url, port }) => {
        expect(port).not.toBe(taken);
        expect(await namesIn(url)).toEqual(['kept']);
      }).finally(() => stranger.close());
    });
  });

  it('makes a new password when the recorded address was deleted', async () => {
    await withDataFolder(async (dataDir) => {
      await withEmbedded(dataDir, async ({ url }) => void (await insert(url, 'kept')));
      await rm(join(dataDir, 'mongodb-url'));
      await withEmbedded(dataDir, async ({ url }) => expect(await namesIn(url)).toEqual(['kept']));
    });
  });

  it('refuses data of another major version and says how to move them', async () => {
    await withDataFolder(async (dataDir) => {
      await withEmbedded(dataDir, async () => undefined);
      const file = join(dataDir, 'mongodb-state.json');
      await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), version: '99.0.1' }));
      const { path } = await findMongod({ env: process.env, binary: process.env['MONGOD_BINARY'] ?? null });
      await expect(startEmbedded(dataDir, { binary: path })).rejects.toThrow(/but the data were written by 99\.0\.1\.\nTo move the data/);
    });
  });
});

describe('a mongod that dies', () => {
  it('is restarted on its port with everything that was acknowledged', async () => {
    await withDataFolder((dataDir) =>
      withEmbedded(dataDir, async (mongod) => {
        const { url, pid } = mongod;
        await insert(url, 'acknowledged');
        await kill(mongod);
        expect(mongod.pid).not.toBe(pid);
        expect(mongod.url).toBe(url);
        expect(await namesIn(url)).toEqual(['acknowledged']);
      }),
    );
  });

  it('is given up after five deaths within a minute', async () => {
    await withDataFolder(async (dataDir) => {
      const { path } = await findMongod({ env: process.env, binary: process.env['MONGOD_BINARY'] ?? null });
      const binary = await writeScript(join(dataDir, 'mongod'), `exec '${path}' "$@"`);
      await withEmbedded(
        dataDir,
        async (mongod) => {
          const fatal = once(mongod, 'fatal') as Promise<[Error]>;
          await writeScript(binary, 'exit 3');
          process.kill(mongod.pid, 'SIGKILL');
          const [error] = await fatal;
          expect(error.message).toContain('has ended 5 times within a minute');
          expect(mongod.isReady).toBe(false);
        },
        { binary },
      );
    });
  });

  it('says why when it dies while starting', async () => {
    await withDataFolder(async (dataDir) => {
      await expect(startEmbedded(dataDir, { extraArgs: ['--no-such-option'] })).rejects.toThrow(
        /ended with status \d+ while starting.*no-such-option/s,
      );
    });
  });
});

describe('two services on one folder', () => {
  it('leaves it to the one that runs', async () => {
    await withDataFolder(async (dataDir) => {
      const { owner, url } = await startOwner(dataDir);
      await expect(startEmbedded(dataDir)).rejects.toThrow(`in use by a running Signalbox (process ${owner.pid})`);
      expect(await namesIn(url)).toEqual([]);
      owner.kill('SIGTERM');
      await once(owner, 'exit');
      await withEmbedded(dataDir, async () => undefined);
    });
  });

  it('ends the mongod of one that was killed, and keeps what that one acknowledged', async () => {
    await withDataFolder(async (dataDir) => {
      const { owner, pid, port, url } = await startOwner(dataDir);
      await insert(url, 'acknowledged');
      owner.kill('SIGKILL');
      await once(owner, 'exit');
      expect(await identityOf(pid)).not.toBeNull();
      await withEmbedded(dataDir, async (mongod) => {
        expect(await identityOf(pid)).toBeNull();
        expect(mongod.port).toBe(port);
        expect(await namesIn(mongod.url)).toEqual(['acknowledged']);
      });
    });
  });

  it('does not mistake a later process for the owner, nor for its mongod', async () => {
    await withDataFolder(async (dataDir) => {
      await withEmbedded(dataDir, async () => undefined);
      const stranger = { pid: process.pid, started: 'at another time' };
      await writeFile(join(dataDir, 'owner.lock'), JSON.stringify(stranger));
      const file = join(dataDir, 'mongodb-state.json');
      await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), mongod: stranger }));
      await withEmbedded(dataDir, async ({ isReady }) => expect(isReady).toBe(true));
    });
  });
});

describe('a stop', () => {
  it('ends mongod cleanly, gives the folder free, and may be asked for twice', async () => {
    await withDataFolder(async (dataDir) => {
      const mongod = await startEmbedded(dataDir);
      await Promise.all([mongod.close(), mongod.close()]);
      expect(await identityOf(mongod.pid)).toBeNull();
      expect(await readFile(join(dataDir, 'mongodb', 'mongod.lock'), 'utf8')).toBe('');
      await expect(stat(join(dataDir, 'owner.lock'))).rejects.toThrow('ENOENT');
    });
  });
});
