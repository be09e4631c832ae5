import { describe, expect, it } from '@jest/globals';
import { type Connection, Schema } from 'mongoose';
import { compareIndexes, createIndexes } from '../../src/database/indexes.js';
import { DatabaseUnusableError } from '../../src/database/database.errors.js';
import { migrate } from '../../src/database/migrations.js';
import { withDatabase } from '../support/database.js';

/** A connection that knows one collection, `things`, with a unique name and an expiry. */
function declare(connection: Connection): void {
  const schema = new Schema({ name: String, at: Date }, { collection: 'things', autoIndex: false, autoCreate: false });
  schema.index({ name: 1 }, { name: 'by_name', unique: true });
  schema.index({ at: 1 }, { name: 'expiry', expireAfterSeconds: 60 });
  connection.model('Thing', schema);
}

/** Does what a repair says, which is a line of mongosh. */
async function repair(connection: Connection, line: string): Promise<void> {
  for (const command of line.split('; ')) {
    const [, method, given] = /^db\.things\.(\w+)\((.*)\)$/.exec(command)!;
    const values = JSON.parse(`[${given}]`) as [never, never];
    const things = connection.collection('things');
    await (method === 'dropIndex' ? things.dropIndex(values[0]) : things.createIndex(...values));
  }
}

const prepared = <T>(work: (connection: Connection) => Promise<T>): Promise<T> =>
  withDatabase(async ({ connection }) => {
    declare(connection);
    return work(connection);
  });

describe('the indexes of the database', () => {
  it('are created where they are missing, and nothing differs then', async () => {
    await prepared(async (connection) => {
      await Promise.all([createIndexes(connection), createIndexes(connection)]);
      expect(await compareIndexes(connection)).toEqual([]);
    });
  }, 60_000);

  it('are named when a unique one is missing because of doubles; the repair works once they are gone', async () => {
    await prepared(async (connection) => {
      await connection.collection('things').insertMany([{ name: 'A' }, { name: 'A' }]);
      await createIndexes(connection);
      const faults = await compareIndexes(connection);
      expect(faults).toMatchObject([{ collection: 'things', name: 'by_name', fault: 'missing', unique: true }]);
      await connection.collection('things').deleteOne({ name: 'A' });
      await repair(connection, faults[0]!.repair!);
      expect(await compareIndexes(connection)).toEqual([]);
    });
  }, 60_000);

  it.each([
    ['is not unique', { name: 1 }, { name: 'by_name' }],
    ['has other keys', { name: -1 }, { name: 'by_name', unique: true }],
    ['is partial', { name: 1 }, { name: 'by_name', unique: true, partialFilterExpression: { name: { $exists: true } } }],
  ] as const)(
    'are named when one of the name %s; the repair works',
    async (_what, key, options) => {
      await prepared(async (connection) => {
        await connection.collection('things').createIndex(key, options);
        await createIndexes(connection);
        const faults = await compareIndexes(connection);
        expect(faults).toMatchObject([{ name: 'by_name', fault: 'different', unique: true }]);
        await repair(connection, faults[0]!.repair!);
        expect(await compareIndexes(connection)).toEqual([]);
      });
    },
    60_000,
  );

  it('are named, and stay, when nobody declared them', async () => {
    await prepared(async (connection) => {
      await createIndexes(connection);
      await connection.collection('things').createIndex({ other: 1 }, { name: 'of_somebody' });
      await createIndexes(connection);
      expect(await compareIndexes(connection)).toMatchObject([{ name: 'of_somebody', fault: 'foreign', unique: false, repair: null }]);
    });
  }, 60_000);
});

describe('migrate', () => {
  it('runs its step under a lock, which it gives back even when the step fails', async () => {
    await prepared(async (connection) => {
      await expect(migrate(connection, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
      let nested: boolean | undefined;
      const step = async () => {
        nested = await migrate(connection, () => Promise.resolve());
      };
      expect(await migrate(connection, step)).toBe(true);
      expect(nested).toBe(false);
    });
  }, 60_000);

  it('refuses a database that a newer version wrote', async () => {
    await prepared(async (connection) => {
      await connection.collection<{ _id: string }>('meta').insertOne({ _id: 'schema', schemaVersion: 99 } as never);
      await expect(migrate(connection, () => Promise.resolve())).rejects.toThrow(DatabaseUnusableError);
    });
  }, 60_000);
});
