import type { Connection } from 'mongoose';
import { DatabaseUnusableError } from './database.errors.js';

/** Raised whenever stored documents change their shape; the step that brings them there stands in `migrations`. */
const schemaVersion = 1;

/** Step n brings a database from schema version n to n + 1. Repeatable: a process may die between a step and the note that it was done. */
const migrations: readonly ((connection: Connection) => Promise<void>)[] = [];

interface MetaDocument {
  _id: string;
  schemaVersion: number;
}

const metaOf = (connection: Connection) => connection.db!.collection<MetaDocument>('meta');

async function storedVersion(connection: Connection): Promise<number> {
  const stored = (await metaOf(connection).findOne({ _id: 'schema' }))?.schemaVersion ?? schemaVersion;
  if (stored <= schemaVersion) return stored;
  throw new DatabaseUnusableError(
    `The database has schema version ${stored}, this Signalbox knows ${schemaVersion}: start the newer Signalbox.`,
  );
}

/** Refuses a database of a newer version. @throws DatabaseUnusableError */
export const checkVersion = async (connection: Connection): Promise<void> => void (await storedVersion(connection));

/**
 * Brings the stored documents to this version's schema. Only who holds the lease on the schema may call it.
 * @throws DatabaseUnusableError when the database was written by a newer version
 */
export async function migrate(connection: Connection): Promise<void> {
  for (let version = await storedVersion(connection); version < schemaVersion; version++) {
    await migrations[version - 1]!(connection);
    await noteVersion(connection, version + 1);
  }
  await noteVersion(connection, schemaVersion);
}

const noteVersion = (connection: Connection, version: number) =>
  metaOf(connection).updateOne({ _id: 'schema' }, { $max: { schemaVersion: version } }, { upsert: true });
