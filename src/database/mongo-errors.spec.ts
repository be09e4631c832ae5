import { describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { TooBroadError } from '../common/errors/request.errors.js';
import { databaseAway, duplicateKeyOf, translateMongoError, unlessTooBroad } from './mongo-errors.js';

const { MongoError, MongoNetworkError, MongoServerError } = mongoose.mongo;
const systemError = (code: string) => Object.assign(new Error('This socket has been ended by the other party'), { code });

describe('databaseAway', () => {
  it.each([
    ['a network error', new MongoNetworkError('connection closed')],
    ['a primary that steps down', new MongoServerError({ code: 189, message: 'stepping down' })],
    ['a broken pipe that the driver lets through', systemError('EPIPE')],
    ['a reset connection that the driver lets through', systemError('ECONNRESET')],
  ])('is true for %s', (_what, error) => {
    expect(databaseAway(error)).toBe(true);
    expect(translateMongoError(error)?.kind).toBe('unavailable');
  });

  it.each([
    ['a fault of ours', new TypeError('x is undefined')],
    ['a missing file', systemError('ENOENT')],
    ['a duplicate key', new MongoServerError({ code: 11000, keyPattern: { datasetName: 1 } })],
    ['another database error', new MongoError('bad query')],
    ['no error', undefined],
  ])('is false for %s', (_what, error) => {
    expect(databaseAway(error)).toBe(false);
  });
});

describe('unlessTooBroad', () => {
  it('tells a read that ran out of time apart from other failures', async () => {
    const tooLong = new MongoServerError({ code: 50, message: 'operation exceeded time limit' });
    await expect(unlessTooBroad(() => Promise.reject(tooLong))).rejects.toThrow(TooBroadError);
    await expect(unlessTooBroad(() => Promise.reject(new TypeError('x')))).rejects.toThrow(TypeError);
    expect(await unlessTooBroad(() => Promise.resolve(1))).toBe(1);
  });
});

describe('duplicateKeyOf', () => {
  it('names the fields of the index', () => {
    expect(duplicateKeyOf(new MongoServerError({ code: 11000, keyPattern: { datasetName: 1 } }))).toEqual(['datasetName']);
    expect(duplicateKeyOf(new MongoServerError({ code: 112 }))).toBeUndefined();
  });
});
