import { describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { databaseAway, duplicateKeyOf, translateMongoError } from './mongo-errors.js';

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

describe('duplicateKeyOf', () => {
  it('names the fields of the index', () => {
    expect(duplicateKeyOf(new MongoServerError({ code: 11000, keyPattern: { datasetName: 1 } }))).toEqual(['datasetName']);
    expect(duplicateKeyOf(new MongoServerError({ code: 112 }))).toBeUndefined();
  });
});
