import { Injectable, Logger } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import type { Caller } from '../common/caller.js';
import { type Change, changePipeline, type Insertion, insertionFilter, insertionPipeline } from '../database/change.js';
import { statementLimits } from '../database/connection-options.js';
import { databaseAway, duplicateKeyOf } from '../database/mongo-errors.js';
import { Transactions, type TransactionSession } from '../database/transactions.js';
import { TargetOutcomes } from '../targets/index.js';
import { endOf, insertionOf, type JobEnd, type NewJob } from './job-changes.js';
import { type Expected, filterOf } from './job-expectations.js';
import { type CompatListedJob, compatProjection, type JobView, viewProjection } from './job-views.js';
import { manifestoOutcomes, targetActionOf } from './jobs-lifecycle.js';
import { completedModel, inProgressModel, type JobDocument } from './jobs.schema.js';

export type Creation = { readonly kind: 'created'; readonly job: JobView } | { readonly kind: 'busy' };

/** A job after a status report, with its newest attempt alone. */
export type ReportedJob = Pick<JobDocument, 'operation' | 'createdAt' | 'notBefore' | 'updatedAt' | 'attempts'>;
const reportedProjection = { operation: 1, createdAt: 1, notBefore: 1, updatedAt: 1, attempts: { $slice: -1 } };

const limits = { maxTimeMS: statementLimits.oneDocumentMs };

/** `inprogress` and `completed`: every change of a job. Uses the driver's collections, because it is the hot path and every change is a pipeline. */
@Injectable()
export class JobsStore {
  private readonly logger = new Logger('Jobs');

  constructor(
    @InjectModel(inProgressModel.name) private readonly inProgressJobs: Model<JobDocument>,
    @InjectModel(completedModel.name) private readonly completedJobs: Model<JobDocument>,
    private readonly transactions: Transactions,
    private readonly targets: TargetOutcomes,
  ) {}

  private get inProgress() {
    return this.inProgressJobs.collection;
  }

  private get completed() {
    return this.completedJobs.collection;
  }

  /**
   * Creates a queued job and makes its target known. `busy` when the dataset has an unfinished job. Where the database did not say what became of it, it is
   * looked for; an error then leaves the outcome unknown.
   * @param after see `insertionOf`
   */
  async create(id: string, job: NewJob, options: { caller: Caller; after?: Date | null }): Promise<Creation> {
    await this.targets.ensure(job.datasetName);
    try {
      return {
        kind: 'created',
        job: await this.insert(this.inProgress, insertionOf(id, job, { caller: options.caller, after: options.after ?? null })),
      };
    } catch (error) {
      if (duplicateKeyOf(error)?.includes('datasetName')) return { kind: 'busy' };
      const created = databaseAway(error) ? await this.findById(id).catch(() => null) : null;
      if (created) return { kind: 'created', job: created };
      throw error;
    }
  }

  /** As `create`, inside a transaction: a busy dataset is a duplicate key error, which must leave the transaction. */
  async createWithin(session: TransactionSession, id: string, { job, caller }: { job: NewJob; caller: Caller }): Promise<JobView> {
    await this.targets.ensure(job.datasetName, session);
    return this.insert(this.inProgress, insertionOf(id, job, { caller, after: null }), session);
  }

  private async insert(collection: JobsStore['inProgress'], insertion: Insertion, session?: TransactionSession): Promise<JobView> {
    const options = { upsert: true, returnDocument: 'after', projection: viewProjection, ...(session && { session }) } as const;
    const inserted = await collection.findOneAndUpdate(
      insertionFilter(insertion.document._id) as never,
      insertionPipeline(insertion),
      options,
    );
    return inserted as unknown as JobView;
  }

  /** Applies a change to an unfinished job. False when it is not there, or not as expected. */
  async apply(id: string, change: Change, expected: Expected): Promise<boolean> {
    const result = await this.inProgress.updateOne(filterOf(id, expected), changePipeline(change), limits);
    return result.matchedCount === 1;
  }

  /** As `apply`, for a status report; as much of the job after it as tells whether it was started by that, or null. */
  async applyReport(id: string, change: Change, expected: Expected): Promise<ReportedJob | null> {
    const options = { ...limits, returnDocument: 'after', projection: reportedProjection } as const;
    return (await this.inProgress.findOneAndUpdate(filterOf(id, expected), changePipeline(change), options)) as ReportedJob | null;
  }

  /** As `apply`; the job after it, or null. */
  async applyAndGet(id: string, change: Change, expected: Expected): Promise<JobView | null> {
    const options = { ...limits, returnDocument: 'after', projection: viewProjection } as const;
    return (await this.inProgress.findOneAndUpdate(filterOf(id, expected), changePipeline(change), options)) as JobView | null;
  }

  /**
   * Ends a job: takes it out of `inprogress`, puts it into `completed` and records what happened to its targets, in one transaction. The finished job
   * keeps `endId`, by which a caller that did not hear the answer knows its own end.
   * @returns the finished job, or null when the job is not there or not as expected; nothing has changed then
   */
  async finish(
    id: string,
    end: (job: JobDocument) => JobEnd,
    { expected, ...by }: { expected: Expected; caller: Caller; endId: string },
  ): Promise<JobView | null> {
    try {
      return await this.transactions.run(async (session) => {
        const taken = await this.inProgress.findOneAndDelete(filterOf(id, expected), { session });
        if (!taken) return null;
        const job = taken as unknown as JobDocument;
        const finished = await this.insert(this.completed, endOf(job, end(job), by), session);
        await this.targets.record(outcomesOf(finished), session);
        return finished;
      });
    } catch (error) {
      if (duplicateKeyOf(error)?.includes('_id'))
        this.logger.error(`job ${id} is in progress and completed at once; both documents are kept`);
      throw error;
    }
  }

  /** A job wherever it is; null when there is none with this id. */
  async findById(id: string): Promise<JobView | null> {
    return (await this.findActive(id)) ?? (await this.findFinished(id));
  }

  /** An unfinished job; null when there is none with this id. */
  async findActive(id: string): Promise<JobView | null> {
    return this.inProgress.findOne<JobView>({ _id: id } as never, { ...limits, projection: viewProjection });
  }

  /** A finished job; null when there is none with this id. */
  async findFinished(id: string): Promise<JobView | null> {
    return this.completed.findOne<JobView>({ _id: id } as never, { ...limits, projection: viewProjection });
  }

  /** The unfinished job of a dataset; null when it has none. */
  async findActiveByDataset(datasetName: string): Promise<JobView | null> {
    return this.inProgress.findOne<JobView>({ datasetName }, { ...limits, projection: viewProjection });
  }

  /** A job with its log, wherever it is, as the original's clients see it; null when there is none with this id. */
  async findWithLog(id: string): Promise<CompatListedJob | null> {
    const options = { ...limits, projection: compatProjection };
    return (
      (await this.inProgress.findOne<CompatListedJob>({ _id: id } as never, options)) ??
      (await this.completed.findOne<CompatListedJob>({ _id: id } as never, options))
    );
  }
}

/** The rows that the end of a job leaves: its own, and those of a completed BUMP's manifesto. */
function outcomesOf(job: JobView) {
  const end = { status: job.status, by: job.createdBy, jobId: job._id, at: job.finishedAt! };
  const own = { name: job.datasetName, action: targetActionOf(job.operation, job.parameters), ...end };
  const released = job.status === 'completed' ? manifestoOutcomes(job.operation, job.parameters) : [];
  return [own, ...released.filter((row) => row.name !== own.name).map((row) => ({ ...row, ...end }))];
}
