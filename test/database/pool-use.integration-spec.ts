import { describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { PoolUse } from '../../src/database/pool-use.js';
import { freshDatabaseName, testMongodbUrl } from '../support/database.js';

describe('PoolUse', () => {
  it('shows operations that hold a connection and operations that wait for one', async () => {
    const connection = mongoose.createConnection();
    const pool = new PoolUse(connection);
    await connection.openUri(testMongodbUrl(), { dbName: freshDatabaseName(), maxPoolSize: 2, autoCreate: false, autoIndex: false });
    try {
      const admin = connection.db!.admin();
      const pings = Array.from({ length: 5 }, () => admin.command({ ping: 1 }));
      await new Promise((resolve) => setImmediate(resolve));
      const during = pool.counts;
      await Promise.all(pings);
      expect(during.inUse + during.waiting).toBe(5);
      expect(during.inUse).toBeLessThanOrEqual(2);
      expect(pool.counts).toEqual({ inUse: 0, waiting: 0 });
    } finally {
      await connection.close();
    }
  });
});
