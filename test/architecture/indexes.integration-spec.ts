import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Connection } from 'mongoose';
import { startApplication, type Application } from './application.js';

describe('the database after the start of the service', () => {
  let application: Application;
  let connection: Connection;

  beforeAll(async () => {
    application = await startApplication();
    connection = application.connection;
  });

  afterAll(async () => application.stop());

  it('has exactly the indexes that the schemas declare', async () => {
    const models = Object.values(connection.models);
    expect(models.length).toBeGreaterThan(4);
    for (const model of models) {
      const difference = await model.diffIndexes();
      expect({ model: model.modelName, ...difference }).toEqual({ model: model.modelName, toDrop: [], toCreate: [] });
    }
  });

  it('has one active job per dataset as a unique index', async () => {
    const indexes = await connection.collection('inprogress').indexes();
    expect(indexes).toContainEqual(expect.objectContaining({ key: { datasetName: 1 }, unique: true }));
  });

  it("has the relay's index on every collection with an outbox", async () => {
    const withOutbox = Object.values(connection.models).filter((model) => model.schema.path('outbox'));
    expect(withOutbox.length).toBeGreaterThan(2);
    for (const model of withOutbox) {
      const partial = { key: { 'outbox.0.at': 1 }, partialFilterExpression: { 'outbox.0': { $exists: true } } };
      expect(await model.collection.indexes()).toContainEqual(expect.objectContaining(partial));
    }
  });

  it('has no collection beside those that a schema declares and the one of the schema version', async () => {
    const stored = (await connection.db!.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
    const declared = ['meta', ...Object.values(connection.models).map((model) => model.collection.name)];
    expect(stored.filter((name) => !declared.includes(name) && !name.startsWith('system.'))).toEqual([]);
  });
});
