import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { getModelToken } from '@nestjs/mongoose';
import mongoose, { type Model } from 'mongoose';
import { Transactions } from '../../src/database/transactions.js';
import { inProgressModel } from '../../src/jobs/jobs.schema.js';
import { freshDataset, type Json, type Replicas, startReplicas } from '../workers/protocol-app.js';

const connectionLost = () => new mongoose.mongo.MongoNetworkError('connection closed');

/** A call that goes through, and whose answer is lost on its way back. */
const losingAnswer = <T extends (...args: never[]) => Promise<unknown>>(call: T): T =>
  (async (...args: Parameters<T>) => {
    await call(...args);
    throw connectionLost();
  }) as unknown as T;

describe('a write whose answer is lost', () => {
  let replicas: Replicas;
  const claimed = async (): Promise<Json> => {
    const job = await replicas.createJob();
    const reply = await replicas.one.call('POST', '/jobs/claim', { worker: { id: 'imp-1' }, operations: ['ADD'] }, 'worker');
    expect(reply.body.job.jobId).toBe(job.jobId);
    return reply.body;
  };

  const untilRelayed = async (id: string): Promise<void> => {
    const relayed = { _id: id, outbox: { $size: 0 } } as never;
    while (!(await replicas.connection.collection('completed').findOne(relayed))) await sleep(20);
  };

  beforeAll(async () => {
    replicas = await startReplicas(1, { JWT_AUTH: 'false' });
  }, 60_000);
  afterEach(() => void jest.restoreAllMocks());
  afterAll(async () => replicas.stop(), 30_000);

  it('is found again when it created a job: both surfaces answer with it', async () => {
    const { collection } = replicas.one.app.get<Model<unknown>>(getModelToken(inProgressModel.name), { strict: false });
    const insert = collection.findOneAndUpdate.bind(collection);
    jest.spyOn(collection, 'findOneAndUpdate').mockImplementationOnce(losingAnswer<never>(insert as never));
    const [first, second] = [freshDataset(), freshDataset()];
    const reply = await replicas.one.call('POST', '/jobs', { datasetName: first, operation: 'CHANGE' });
    expect(reply).toMatchObject({ status: 201, body: { datasetName: first, status: 'queued' } });
    expect((await replicas.one.call('GET', `/jobs/${reply.body.jobId}`)).body).toMatchObject({ datasetName: first });
    jest.spyOn(collection, 'findOneAndUpdate').mockImplementationOnce(losingAnswer<never>(insert as never));
    const compat = await replicas.one.compat('POST', '/jobs', { jobs: [{ operation: 'CHANGE', target: second }] });
    expect(compat.body).toEqual([{ status: 'queued', msg: 'CREATED', job_id: expect.any(String) }]);
  });

  it('is known as the own one when it ended a job, also when the relay has taken the event', async () => {
    const { job, leaseToken } = await claimed();
    const transactions = replicas.one.get(Transactions);
    const run = transactions.run.bind(transactions);
    jest.spyOn(transactions, 'run').mockImplementationOnce((async (work: never) => {
      await run(work);
      await untilRelayed(job.jobId);
      throw connectionLost();
    }) as never);
    const reply = await replicas.one.call('POST', `/jobs/${job.jobId}/complete`, { leaseToken }, 'worker');
    expect(reply).toMatchObject({ status: 200, body: { status: 'completed' } });
  });

  it("is not taken for the own one when somebody else's ended the job", async () => {
    const { job, leaseToken } = await claimed();
    const transactions = replicas.one.get(Transactions);
    const run = transactions.run.bind(transactions);
    jest.spyOn(transactions, 'run').mockImplementationOnce(async () => {
      jest.spyOn(transactions, 'run').mockImplementation(run);
      await replicas.one.call('POST', `/jobs/${job.jobId}/cancel`, { reason: 'too late', force: true }, 'operator');
      throw connectionLost();
    });
    const reply = await replicas.one.call('POST', `/jobs/${job.jobId}/complete`, { leaseToken }, 'worker');
    expect(reply).toMatchObject({ status: 503, body: { code: 'SERVICE.UNAVAILABLE' } });
  });
});
