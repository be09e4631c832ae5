import { randomUUID } from 'node:crypto';
import { changePipeline, insertionFilter, insertionPipeline, operand } from '../dist/database/change.js';
import { statementLimits, transactionOptions } from '../dist/database/connection-options.js';
import { endOf, insertionOf, reportChange, reportLines } from '../dist/jobs/job-changes.js';
import { compatProjection, viewProjection } from '../dist/jobs/job-views.js';

const limits = { maxTimeMS: statementLimits.oneDocumentMs };
const caller = { actor: { id: 'anonymous', name: 'anonymous', role: 'anonymous', address: '127.0.0.1' }, requestId: 'bench' };

const newJob = (datasetName) => ({
  datasetName,
  operation: 'ADD',
  parameters: {},
  extraParameters: null,
  priority: 'normal',
  notBefore: null,
  dueAt: null,
  duePausedMs: 0,
  tags: [],
  maxFailures: 3,
  maxLosses: 3,
  runBudgetSeconds: null,
  traceId: null,
  createdBy: { id: '1234-1234-1234-1234', firstName: 'Test', lastName: 'User' },
});

const targetFields = (name) => ({ name: operand(name), firstSeenAt: { $ifNull: ['$firstSeenAt', '$$NOW'] } });

const completion = {
  status: 'completed',
  attemptOutcome: 'completed',
  error: null,
  lines: reportLines({ status: 'completed' }),
  reason: null,
};

/** The statements that the service sends for a job's life, sent by the bare driver: the same documents, conditions and write concern. */
export class DriverJobs {
  /**
   * @param {import('mongoose').mongo.MongoClient} client
   * @param {string} database
   */
  constructor(client, database) {
    this.client = client;
    const db = client.db(database);
    [this.inProgress, this.completed, this.targets] = ['inprogress', 'completed', 'targets'].map((name) => db.collection(name));
  }

  /** Makes the target known, then inserts the job. */
  async create(id, datasetName) {
    const outcome = { $ifNull: ['$outcome', operand(null)] };
    await this.targets.updateOne({ name: datasetName }, [{ $set: { ...targetFields(datasetName), outcome } }], { upsert: true });
    await this.#insert(this.inProgress, insertionOf(id, newJob(datasetName), { caller, after: null }));
  }

  #insert(collection, insertion, session) {
    const options = { upsert: true, returnDocument: 'after', projection: viewProjection, ...(session && { session }) };
    return collection.findOneAndUpdate(insertionFilter(insertion.document._id), insertionPipeline(insertion), options);
  }

  /** Changes an unfinished job. */
  async report(id, status) {
    const result = await this.inProgress.updateOne({ _id: id, lease: null }, changePipeline(reportChange({ status }, caller)), limits);
    if (result.matchedCount !== 1) throw new Error(`job ${id} is not there`);
  }

  /** Moves the job to the finished ones and records the outcome of its target, in one transaction. */
  async finish(id) {
    const session = this.client.startSession();
    try {
      await session.withTransaction(async () => {
        const job = await this.inProgress.findOneAndDelete({ _id: id, lease: null }, { session });
        if (!job) throw new Error(`job ${id} is not there`);
        const finished = await this.#insert(this.completed, endOf(job, completion, { caller, endId: randomUUID() }), session);
        const outcome = { status: 'completed', action: [job.operation], by: job.createdBy, jobId: id, at: finished.finishedAt };
        const update = [{ $set: { ...targetFields(job.datasetName), outcome: operand(outcome) } }];
        await this.targets.updateOne({ name: job.datasetName }, update, { upsert: true, session });
      }, transactionOptions);
    } finally {
      await session.endSession();
    }
  }

  /** Looks for a job among the unfinished, then among the finished ones. */
  async read(id) {
    const options = { ...limits, projection: compatProjection };
    return (await this.inProgress.findOne({ _id: id }, options)) ?? (await this.completed.findOne({ _id: id }, options));
  }
}
