import type { Connection } from 'mongoose';
import { DatabaseUnusableError } from './database.errors.js';

/** Raised whenever stored documents change their shape; the step that brings them there stands in `migrations`. */
const schemaVersion = 1;

/** Step n brings a database from schema version n to n + 1. */
const migrations: readonly ((connection: Connection) => Promise<void>)[] = [];

const lockMs = 60_000;

interface MetaDocument {
  _id: string;
  schemaVersion?: number;
  lockedUntil?: Date;
}

const metaOf = (connection: Connection) => connection.db!.collection<MetaDocument>('meta');

/** Takes the lock on the schema for a minute. False while another process has it. */
async function lock(connection: Connection): Promise<boolean> {
  const meta = metaOf(connection);
  await meta
    .updateOne({ _id: 'schema' }, { $setOnInsert: { _id: 'schema' } as never }, { upsert: true })
    .catch((error: { code?: number }) => {
      if (error.code !== 11000) throw error; // another process made it
    });
  const free = { $or: [{ $eq: [{ $type: '$lockedUntil' }, 'missing'] }, { $lt: ['$lockedUntil', '$$NOW'] }] };
  const taken = await meta.updateOne({ _id: 'schema', $expr: free }, [{ $set: { lockedUntil: { $add: ['$$NOW', lockMs] } } }]);
  return taken.modifiedCount === 1;
}

/**
 * Runs `step` under the schema's lock, after the stored documents have been brought to this version's schema.
 * @returns false when another process holds the lock: try again
 * @throws DatabaseUnusableError when the database was written by a newer version
 */
export async function migrate(connection: Connection, step: () => Promise<void>): Promise<boolean> {
  const meta = metaOf(connection);
  const stored = (await meta.findOne({ _id: 'schema' }))?.schemaVersion ?? schemaVersion;
  if (stored > schemaVersion) {
    throw new DatabaseUnusableError(
      `The database has schema version ${stored}, this Signalbox knows ${schemaVersion}: start the newer Signalbox.`,
    );
  }
  if (!(await lock(connection))) return false;
  try {
    for (let version = stored; version < schemaVersion; version++) await migrations[version - 1]!(connection);
    await meta.updateOne({ _id: 'schema' }, { $set: { schemaVersion } });
    await step();
  } finally {
    await meta.updateOne({ _id: 'schema' }, { $unset: { lockedUntil: '' } });
  }
  return true;
}
