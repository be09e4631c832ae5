import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Connection } from 'mongoose';
import { ChangeWaker } from '../../src/database/change-waker.js';
import { connectTo, testMongodbUrl, withDatabase } from '../support/database.js';
import { eventually } from '../events/eventually.js';

async function withWaker(work: (waker: ChangeWaker, connection: Connection) => Promise<void>): Promise<void> {
  await withDatabase(async ({ connection }) => {
    const waker = new ChangeWaker(connection);
    try {
      await work(waker, connection);
    } finally {
      await waker.beforeApplicationShutdown();
    }
  });
}

/** Counts wakes, beginning after the one that every opening brings. */
async function countWakes(waker: ChangeWaker, collections: string[]): Promise<{ count: number; end: () => void }> {
  const wakes = { count: 0, end: () => undefined as void };
  wakes.end = waker.subscribe(collections, () => wakes.count++);
  await eventually(() => wakes.count > 0);
  wakes.count = 0;
  return wakes;
}

beforeAll(() => Logger.overrideLogger(false));
afterAll(() => Logger.overrideLogger(['log', 'warn', 'error']));

describe('ChangeWaker', () => {
  it('wakes at an insert, and at an update that raises the version', () =>
    withWaker(async (waker, connection) => {
      const wakes = await countWakes(waker, ['things']);
      const things = connection.collection<{ _id: number; version: number }>('things');
      await things.insertOne({ _id: 1, version: 1 });
      await eventually(() => wakes.count === 1);
      await things.updateOne({ _id: 1 }, [{ $set: { version: { $add: ['$version', 1] } } }]);
      await eventually(() => wakes.count === 2);
    }));

  it('wakes at an insert inside a transaction', () =>
    withWaker(async (waker, connection) => {
      await connection.createCollection('things');
      const wakes = await countWakes(waker, ['things']);
      const session = await connection.startSession();
      await session.withTransaction(() => connection.collection('things').insertOne({ version: 1 }, { session }));
      await session.endSession();
      await eventually(() => wakes.count === 1);
    }));

  it('sleeps on at other collections, and at updates that are no change', () =>
    withWaker(async (waker, connection) => {
      const things = connection.collection<{ _id: number; n?: number; version?: number }>('things');
      await things.insertOne({ _id: 1, version: 1 });
      const wakes = await countWakes(waker, ['things']);
      await connection.collection('others').insertOne({ version: 1 });
      await things.updateOne({ _id: 1 }, { $set: { n: 2 } });
      await things.deleteOne({ _id: 1 });
      await things.insertOne({ _id: 2 });
      await eventually(() => wakes.count > 0);
      await sleep(50);
      expect(wakes.count).toBe(1);
    }));

  it('wakes each subscriber for its collections until it ends its subscription', () =>
    withWaker(async (waker, connection) => {
      const first = await countWakes(waker, ['a']);
      const second = await countWakes(waker, ['b']);
      await eventually(() => first.count > 0);
      first.count = 0;
      await connection.collection('a').insertOne({});
      await eventually(() => first.count === 1);
      expect(second.count).toBe(0);
      first.end();
      await eventually(() => second.count > 0);
      second.count = 0;
      await connection.collection('a').insertOne({});
      await connection.collection('b').insertOne({});
      await eventually(() => second.count === 1);
      expect(first.count).toBe(1);
    }));

  it('opens the stream again and wakes once when the server ended it', () =>
    withWaker(async (waker, connection) => {
      const wakes = await countWakes(waker, ['things']);
      const admin = connection.getClient().db('admin');
      const isStream = { 'originatingCommand.pipeline.0.$changeStream': { $exists: true }, ns: new RegExp(connection.name) };
      const [cursor] = await admin
        .aggregate([
          { $currentOp: { idleCursors: true } },
          { $match: { $or: [{ cursor: { $exists: true } }] } },
          { $replaceWith: { $mergeObjects: ['$cursor', { ns: '$ns' }] } },
          { $match: isStream },
        ])
        .toArray();
      await connection.db!.command({ killCursors: '$cmd.aggregate', cursors: [cursor!['cursorId']] });
      await connection.collection('things').insertOne({});
      await eventually(() => wakes.count > 0);
    }));

  it('goes on, and lets others go on, when the database was dropped', () =>
    withWaker(async (waker, connection) => {
      await connection.collection('things').insertOne({ version: 1 });
      const wakes = await countWakes(waker, ['things']);
      await connection.dropDatabase();
      await eventually(() => wakes.count > 0); // opened again
      wakes.count = 0;
      await connection.collection('things').insertOne({ version: 1 });
      await eventually(() => wakes.count > 0);
      expect(wakes.count).toBeGreaterThan(0);
    }));

  it('waits for a database that is not connected yet', () =>
    withDatabase(async ({ connection, name }) => {
      const { default: mongoose } = await import('mongoose');
      const late = mongoose.createConnection();
      const waker = new ChangeWaker(late);
      let count = 0;
      waker.subscribe(['things'], () => count++);
      await sleep(50);
      expect(count).toBe(0);
      await late.openUri(testMongodbUrl(), { dbName: name, autoIndex: false });
      await eventually(() => count === 1);
      await connection.collection('things').insertOne({});
      await eventually(() => count === 2);
      await waker.beforeApplicationShutdown();
      await late.close();
    }));

  it('lets no rejection go unhandled when the connection is closed under it', () =>
    withDatabase(async ({ name }) => {
      const connection = await connectTo(testMongodbUrl(), name);
      const waker = new ChangeWaker(connection);
      await countWakes(waker, ['things']);
      await connection.close();
      await sleep(100);
      await waker.beforeApplicationShutdown();
    }));
});
