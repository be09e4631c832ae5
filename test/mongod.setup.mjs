import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import mongoose from 'mongoose';

const guard = fileURLToPath(new URL('mongod-guard.mjs', import.meta.url));
const gigabyte = 1024 ** 3;

/** Starts one mongod for the whole run, unless TEST_MONGODB_URL names a server. It ends with the run, however the run ends. */
export default async function startMongod() {
  if (process.env.TEST_MONGODB_URL) return;
  const binary = await findBinary();
  const folder = await mkdtemp(join(await scratchFolder(), 'signalbox-test-'));
  const port = await freePort();
  const mongod = spawn(process.execPath, [guard, folder, binary, ...mongodArguments(folder, port)], {
    detached: true, // Ctrl-C is for jest
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = once(mongod, 'exit');
  globalThis.stopMongod = async () => {
    mongod.stdin.end();
    await ended;
  };
  await Promise.race([initiate(`127.0.0.1:${port}`), ended.then(([code]) => Promise.reject(new Error(`mongod ended with ${code}`)))]);
  process.env.TEST_MONGODB_URL = `mongodb://127.0.0.1:${port}/?replicaSet=signalbox`; // test workers inherit it
}

/** The program that `npm start` would use; `dist` is there because `npm test` builds first. */
async function findBinary() {
  if (process.env.MONGOD_BINARY) return process.env.MONGOD_BINARY;
  const { findMongod } = await import('../dist/database/embedded/finder/mongod-finder.js');
  return (await findMongod({ env: process.env })).path;
}

function mongodArguments(folder, port) {
  return [
    ['--dbpath', folder, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket', '--noscripting'],
    ['--replSet', 'signalbox', '--oplogSize', '64', '--wiredTigerCacheSizeGB', '0.25', '--journalCommitInterval', '1'],
    ['--wiredTigerEngineConfigString', 'log=(prealloc=false,file_max=32MB)', '--setParameter', 'diagnosticDataCollectionEnabled=false'],
  ].flat();
}

/** Memory instead of a disk where there is plenty of both kinds: index builds are twice as fast there. */
async function scratchFolder() {
  const shared = '/dev/shm';
  const stats = await statfs(shared).catch(() => null);
  return stats && stats.bavail * stats.bsize > 2 * gigabyte && freemem() > 4 * gigabyte ? shared : tmpdir();
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function initiate(host) {
  const url = `mongodb://${host}/?directConnection=true`;
  const client = await new mongoose.mongo.MongoClient(url, { serverSelectionTimeoutMS: 30_000, heartbeatFrequencyMS: 500 }).connect();
  const admin = client.db('admin');
  await admin.command({ replSetInitiate: { _id: 'signalbox', members: [{ _id: 0, host }] } });
  while (!(await admin.command({ hello: 1 })).isWritablePrimary) await sleep(10); // a client with ?replicaSet= would wait half a second here
  await client.close();
}
