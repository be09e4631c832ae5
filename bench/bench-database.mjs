import mongoose from 'mongoose';
import { connectionOptions } from '../dist/database/connection-options.js';
import { EmbeddedMongod } from '../dist/database/embedded/embedded-mongod.js';
import { createIndexes } from '../dist/database/indexes.js';
import { completedModel, inProgressModel } from '../dist/jobs/jobs.schema.js';
import { targetModel } from '../dist/targets/targets.schema.js';
import { traceEventModel, traceModel } from '../dist/traces/traces.schema.js';
import { say } from './progress.mjs';

const { autoIndex: _, autoCreate: __, bufferCommands: ___, sanitizeFilter: ____, ...forTheDriver } = connectionOptions;

/** How the service connects, without what only mongoose knows. */
export const driverOptions = { ...forTheDriver, appName: 'signalbox-bench' };

const told = { info: () => undefined, warn: (_fields, message) => say(message), error: (_fields, message) => say(message) };

/**
 * Starts the database of a run as the service would.
 * @param {string} dataDir
 * @param {AbortSignal} signal gives up a start in progress
 */
export function startDatabase(dataDir, signal) {
  return EmbeddedMongod.start({ dataDir, binary: process.env.MONGOD_BINARY ?? null, env: process.env, log: told, signal });
}

/** Makes the collections of jobs, targets and traces with their indexes, as the service makes them. */
export async function prepareDatabase(url, database) {
  const connection = mongoose.createConnection(url, { ...connectionOptions, dbName: database });
  try {
    await connection.asPromise();
    for (const { name, schema } of [inProgressModel, completedModel, targetModel, traceModel, traceEventModel])
      connection.model(name, schema);
    await createIndexes(connection);
  } finally {
    await connection.close();
  }
}

/** Runs the work with a client of the bare driver, which waits as long as it takes. */
export async function withClient(url, work) {
  const client = await new mongoose.mongo.MongoClient(url, { ...driverOptions, socketTimeoutMS: 0 }).connect();
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

const unrelayed = { 'outbox.0': { $exists: true } };

/** Resolves when the relay of the service has moved every change, so that it does not work into what is measured next. @returns milliseconds waited */
export async function untilRelayed(url, database, { withinMs = 120_000, collections = ['inprogress', 'completed'] } = {}) {
  const startedAt = performance.now();
  return withClient(url, async (client) => {
    const db = client.db(database);
    for (;;) {
      const left = await Promise.all(collections.map((name) => db.collection(name).findOne(unrelayed, { hint: 'outbox' })));
      const waited = performance.now() - startedAt;
      if (left.every((document) => document === null)) return waited;
      if (waited > withinMs) throw new Error('the relay does not keep up');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
}
