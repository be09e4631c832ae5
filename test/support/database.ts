import { randomBytes } from 'node:crypto';
import mongoose from 'mongoose';

/** A database of one test file. */
export interface TestDatabase {
  readonly connection: mongoose.Connection;
  readonly name: string;
}

/** The address of the test run's MongoDB, which jest's global setup starts. */
export function testMongodbUrl(): string {
  const url = process.env['TEST_MONGODB_URL'];
  if (!url) throw new Error('TEST_MONGODB_URL is not set: start the tests with `npm test`, or name a replica set of your own');
  return url;
}

/** A name that no other database of the test server has. */
export const freshDatabaseName = (): string => `test-${randomBytes(6).toString('hex')}`;

/** Connects with the options of the service: no buffering, no automatic indexes, majority and journal. The caller closes it. */
export function connectTo(url: string, name: string): Promise<mongoose.Connection> {
  return mongoose
    .createConnection(url, {
      dbName: name,
      autoIndex: false,
      autoCreate: false,
      bufferCommands: false,
      serverSelectionTimeoutMS: 5_000,
      writeConcern: { w: 'majority', journal: true },
    })
    .asPromise();
}

/** Runs the work with a connection to a database that somebody else owns. */
export async function withConnection<T>(url: string, name: string, work: (connection: mongoose.Connection) => Promise<T>): Promise<T> {
  const connection = await connectTo(url, name);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** Runs the work with a connection to an empty database, which is dropped afterwards, whatever happens. */
export async function withDatabase<T>(work: (database: TestDatabase) => Promise<T>): Promise<T> {
  const name = freshDatabaseName();
  const connection = await connectTo(testMongodbUrl(), name);
  try {
    return await work({ connection, name });
  } finally {
    await connection.dropDatabase();
    await connection.close();
  }
}
