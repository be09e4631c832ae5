import type { Connection } from 'mongoose';
import { transactionOptions } from './connection-options.js';
import { DatabaseUnusableError } from './database.errors.js';

const oldestWireVersion = 17; // MongoDB 6.0

const standaloneMessage = [
  'The MongoDB server at MONGODB_URL is a standalone server; Signalbox needs a replica set (one node is enough).',
  'To convert it: stop mongod, start it with --replSet signalbox, then run once:',
  `  mongosh --eval 'rs.initiate({_id: "signalbox", members: [{_id: 0, host: "HOST:PORT"}]})'`,
].join('\n');

/**
 * Checks that the server can do what the service stands on: replica set, sessions, version, transactions and change streams.
 * @throws DatabaseUnusableError naming the cure when it never can
 * @see MONGODB.md 10
 */
export async function checkServer(connection: Connection): Promise<void> {
  const hello = await connection.db!.admin().command({ hello: 1 });
  if (hello['msg'] === 'isdbgrid')
    throw new DatabaseUnusableError('MONGODB_URL names a sharded cluster, which is not supported: use a replica set.');
  if (!hello['setName']) throw new DatabaseUnusableError(standaloneMessage);
  if (Number(hello['maxWireVersion']) < oldestWireVersion)
    throw new DatabaseUnusableError('The MongoDB server is older than 6.0: upgrade it.');
  await proveTransactions(connection);
  await proveChangeStreams(connection);
}

async function proveTransactions(connection: Connection): Promise<void> {
  const session = await connection.startSession();
  try {
    await session.withTransaction(() => connection.db!.collection('meta').findOne({}, { session }), transactionOptions);
  } finally {
    await session.endSession();
  }
}

async function proveChangeStreams(connection: Connection): Promise<void> {
  const stream = connection.db!.watch([], { maxAwaitTimeMS: 100 });
  try {
    await stream.tryNext();
  } finally {
    await stream.close();
  }
}
