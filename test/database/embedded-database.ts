import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import mongoose from 'mongoose';
import { EmbeddedMongod, type EmbeddedMongodOptions } from '../../src/database/embedded/embedded-mongod.js';

const ownerProgram = fileURLToPath(new URL('embedded-owner.mjs', import.meta.url));
const nothing = () => undefined;

/** Runs the work with an empty data folder, which is removed afterwards. */
export async function withDataFolder(work: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-embedded-'));
  try {
    await work(dataDir);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Starts an embedded database in this process. The caller closes it. */
export const startEmbedded = (dataDir: string, options: Partial<EmbeddedMongodOptions> = {}): Promise<EmbeddedMongod> =>
  EmbeddedMongod.start({
    dataDir,
    binary: process.env['MONGOD_BINARY'] ?? null,
    env: process.env,
    log: { info: nothing, warn: nothing },
    ...options,
  });

/** Runs the work with an embedded database of this process, which is closed afterwards. */
export async function withEmbedded(
  dataDir: string,
  work: (mongod: EmbeddedMongod) => Promise<void>,
  options: Partial<EmbeddedMongodOptions> = {},
): Promise<void> {
  const mongod = await startEmbedded(dataDir, options);
  try {
    await work(mongod);
  } finally {
    await mongod.close();
  }
}

/** What the process of `embedded-owner.mjs` says when it is ready. */
export interface OwnedDatabase {
  readonly owner: ChildProcess;
  readonly pid: number;
  readonly port: number;
  readonly url: string;
}

/** Starts another process that owns an embedded database. */
export async function startOwner(dataDir: string): Promise<OwnedDatabase> {
  const owner = spawn(process.execPath, [ownerProgram, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(owner.stdout), 'line')) as [string];
  return { owner, ...(JSON.parse(line) as Omit<OwnedDatabase, 'owner'>) };
}

/** Runs the work with a client of the embedded database. */
export async function withClient<T>(url: string, work: (database: mongoose.mongo.Db) => Promise<T>): Promise<T> {
  const client = await new mongoose.mongo.MongoClient(url, { serverSelectionTimeoutMS: 20_000 }).connect();
  try {
    return await work(client.db('signalbox'));
  } finally {
    await client.close();
  }
}
