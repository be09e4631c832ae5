import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { type Connection, Schema } from 'mongoose';
import { compareIndexes, createIndexes } from '../../src/database/indexes.js';
import { DatabaseUnusableError } from '../../src/database/database.errors.js';
import { prepareSchema } from '../../src/database/schema-preparation.js';
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

describe('the preparation of the schema', () => {
  const lease = (connection: Connection) => connection.collection<{ _id: string }>('leases').findOne({ _id: 'schema' });

  it('is done by one process at a time, and the lease is given back even when it fails', async () => {
    await prepared(async (connection) => {
      let inside = 0;
      let most = 0;
      const open = async () => {
        most = Math.max(most, (inside += 1));
        await sleep(100);
        inside -= 1;
        return Promise.reject<Connection>(new Error('broken'));
      };
      const outcomes = await Promise.allSettled([1, 2, 3].map(() => prepareSchema(connection, { open })));
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
      expect(most).toBe(1);
      expect(await lease(connection)).toMatchObject({ token: null });
      await prepareSchema(connection);
      expect(await compareIndexes(connection)).toEqual([]);
    });
  }, 60_000);

  it('goes on some seconds after a process that died there, and says that it waits', async () => {
    await prepared(async (connection) => {
      await prepareSchema(connection);
      const killed = { token: 'of a killed process', expiresAt: new Date(Date.now() + 2_000) };
      await connection.collection<{ _id: string }>('leases').updateOne({ _id: 'schema' }, { $set: killed });
      let waited = 0;
      await prepareSchema(connection, { onWait: () => (waited += 1) });
      expect(waited).toBe(1);
      expect(Date.now()).toBeGreaterThanOrEqual(killed.expiresAt.getTime());
    });
  }, 60_000);

  it('gives up waiting on its signal', async () => {
    await prepared(async (connection) => {
      await prepareSchema(connection);
      const other = { token: 'of another process', expiresAt: new Date(Date.now() + 60_000) };
      await connection.collection<{ _id: string }>('leases').updateOne({ _id: 'schema' }, { $set: other });
      const stop = new AbortController();
      await expect(prepareSchema(connection, { signal: stop.signal, onWait: () => stop.abort() })).rejects.toThrow();
      expect(await lease(connection)).toMatchObject(other);
    });
  }, 60_000);

  it('refuses a database that a newer version wrote, without waiting for anybody', async () => {
    await prepared(async (connection) => {
      await connection.collection<{ _id: string }>('meta').insertOne({ _id: 'schema', schemaVersion: 99 } as never);
      await expect(prepareSchema(connection)).rejects.toThrow(DatabaseUnusableError);
    });
  }, 60_000);

  it('names the documents that stand in the way of a unique index', async () => {
    await prepared(async (connection) => {
      await connection.collection('things').insertMany([{ name: 'a' }, { name: 'a' }, { name: 'b' }]);
      await prepareSchema(connection);
      const [fault] = await compareIndexes(connection);
      expect(fault).toMatchObject({ fault: 'missing', unique: true });
      expect(fault!.doubles).toBe(
        'db.things.aggregate([{ $group: { _id: ["$name"], ids: { $push: "$_id" } } }, { $match: { "ids.1": { $exists: true } } }])',
      );
    });
  }, 60_000);
});
