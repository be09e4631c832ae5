import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Connection } from 'mongoose';
import { systemCaller } from '../../src/common/caller.js';
import { changePipeline, expression, insertionFilter, insertionPipeline, serverTime } from '../../src/database/change.js';
import { connectTo, freshDatabaseName, testMongodbUrl } from '../support/database.js';

const caller = systemCaller('test');

/** Values that a careless pipeline would evaluate, or that would reach into the document. */
const hostile = fc.oneof(
  fc.constantFrom('$status', '$$NOW', '$$ROOT', '__proto__', 'a.b', '', '$'),
  fc.string(),
  fc.constantFrom<object>({ $ne: null }, { $literal: 1 }, { $add: [1, 2] }, ['$version'], { 'a.b': '$c' }, { constructor: 'x' }),
);

describe('pipelines of changes', () => {
  let connection: Connection;
  let id = 0;
  const things = () => connection.collection<{ _id: number; [field: string]: unknown }>('things');

  beforeAll(async () => {
    connection = await connectTo(testMongodbUrl(), freshDatabaseName());
  }, 60_000);
  afterAll(async () => {
    await connection.dropDatabase();
    await connection.close();
  }, 60_000);

  const insert = async (document: object) => {
    const whole = { _id: ++id, ...document };
    const pipeline = insertionPipeline({ document: whole, type: 'thing.created', to: 'new', caller });
    return things().findOneAndUpdate(insertionFilter(id) as never, pipeline, { upsert: true, returnDocument: 'after' });
  };
  const change = (set: object, more: object = {}) =>
    things().findOneAndUpdate({ _id: id }, changePipeline({ type: 'thing.changed', to: 'changed', set: set as never, caller, ...more }), {
      returnDocument: 'after',
    });

  it('store values from outside as the literals that they are, in fields and in history', async () => {
    const property = fc.asyncProperty(hostile, hostile, async (first, second) => {
      const inserted = await insert({ status: 'new', value: first });
      expect(inserted).toMatchObject({ value: first, version: 1, outbox: [{ version: 1, from: null, to: 'new', type: 'thing.created' }] });
      const changed = await change({ status: 'changed', value: second }, { recorded: ['value'], reason: '$status' });
      expect(changed!['value']).toEqual(second);
      const outbox = changed!['outbox'] as { changes: Record<string, unknown>; reason: unknown; from: unknown }[];
      expect(outbox[1]).toMatchObject({ version: 2, from: 'new', to: 'changed', reason: '$status', requestId: 'test' });
      expect(outbox[1]!.changes).toEqual(JSON.stringify(first) === JSON.stringify(second) ? {} : { value: [first, second] });
    });
    await fc.assert(property, { numRuns: 80 });
  }, 60_000);

  it.each([
    ['the constant false', expression(false), 1],
    ['a condition that is false for the document', expression({ $eq: ['$status', 'other'] }), 1],
    ['a condition that is true for the document', expression({ $eq: ['$status', 'new'] }), 2],
  ])('set the fields, and are a change only where one happens: %s', async (_what, onlyIf, version) => {
    await insert({ status: 'new', value: 1 });
    const changed = await change({ value: 2 }, { onlyIf });
    expect(changed).toMatchObject({ value: 2, version });
    expect(changed!['outbox']).toHaveLength(version);
  });

  it('take the time of the database, the same in document and history', async () => {
    const inserted = await insert({ status: 'new', createdAt: serverTime });
    expect(inserted!['createdAt']).toBeInstanceOf(Date);
    expect((inserted!['outbox'] as { at: Date }[])[0]!.at).toEqual(inserted!['createdAt']);
  });

  it('refuse to insert where the id is taken', async () => {
    await insert({ status: 'new' });
    id -= 1;
    await expect(insert({ status: 'new' })).rejects.toMatchObject({ code: 11_000 });
  });
});
