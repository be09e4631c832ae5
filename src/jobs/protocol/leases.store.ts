import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import type { Caller } from '../../common/caller.js';
import { changePipeline } from '../../database/change.js';
import { statementLimits } from '../../database/connection-options.js';
import { alongIndex, duplicateKeyOf } from '../../database/mongo-errors.js';
import type { ClockReading } from '../../maintenance/index.js';
import { type JobView, viewProjection } from '../job-views.js';
import { priorityDelayMs } from '../jobs-lifecycle.js';
import { inProgressModel, type JobDocument, type JobLease } from '../jobs.schema.js';
import { claimChange, type NewLease } from './lease-changes.js';

/** A job whose lease is to be looked at. */
export interface LeasedJob {
  readonly _id: string;
  readonly operation: string;
  readonly runBudgetSeconds: number | null;
  readonly lease: JobLease;
}

/** Which jobs a claim may take. */
export interface Claimable {
  readonly operations: readonly string[];
  /** Only of these; null: of any. */
  readonly datasets: readonly string[] | null;
}

const limits = { maxTimeMS: statementLimits.oneDocumentMs };
const sweepLimits = { maxTimeMS: statementLimits.listMs };
const leasedProjection = { operation: 1, runBudgetSeconds: 1, lease: 1 };
/**
 * A job whose time has come; null is before every date. Its turn is at most the greatest delay of a priority from now, which bounds the index: thousands of
 * jobs that wait for later are not looked at.
 */
const timeHasCome = {
  $expr: { $and: [{ $lte: ['$rank', { $add: ['$$NOW', priorityDelayMs.low] }] }, { $lte: ['$notBefore', '$$NOW'] }] },
};
/** Named, since an empty queue can make another plan look better for a while. */
const index = 'claim';
const budgetLimit = { endsAt: 'lease.budgetEndsAt', pausedMs: 'lease.pausedMs' };
const live = { status: 'running', 'lease.expiresAt': { $type: 'date' } };

/** Claims and the look at all leases. Every other change of a leased job goes through `JobsStore`. */
@Injectable()
export class LeasesStore {
  constructor(@InjectModel(inProgressModel.name) private readonly inProgress: Model<JobDocument>) {}

  private get jobs() {
    return this.inProgress.collection;
  }

  /**
   * Gives the job whose turn it is to a worker, with one conditional update.
   * @returns null when there is none; `repeated` when the claim's id holds a lease already
   */
  async claim({ operations, datasets }: Claimable, lease: NewLease, caller: Caller): Promise<JobView | 'repeated' | null> {
    const filter = {
      status: 'queued',
      operation: { $in: [...operations] },
      ...(datasets && { datasetName: { $in: [...datasets] } }),
      ...timeHasCome,
    };
    const options = { ...limits, sort: { rank: 1, _id: 1 }, returnDocument: 'after', projection: viewProjection } as const;
    const change = changePipeline(claimChange(lease, caller));
    try {
      return (await alongIndex(index, (hint) =>
        this.jobs.findOneAndUpdate(filter, change, { ...options, ...hint } as object),
      )) as JobView | null;
    } catch (error) {
      if (duplicateKeyOf(error)?.includes('lease.claimId')) return 'repeated';
      throw error;
    }
  }

  /** The running job that a claim of this id got; null when there is none any more. */
  async findClaimed(claimId: string): Promise<JobView | null> {
    const filter = { 'lease.claimId': claimId, status: 'running' };
    return this.jobs.findOne<JobView>(filter as never, { ...limits, projection: viewProjection });
  }

  /**
   * As `findClaimed`, and notes that somebody is told of the lease, so that the call that took the job does not give it back.
   * @param pause only what was claimed before it, or of its datasets; null: anything
   * @returns null when there is no such job any more
   */
  async tellClaimed(claimId: string, pause: { since: Date | null; datasets: readonly string[] } | null): Promise<JobView | null> {
    const allowed = pause && { $or: [{ 'lease.claimedAt': { $lt: pause.since } }, { datasetName: { $in: [...pause.datasets] } }] };
    const options = { ...limits, returnDocument: 'after', projection: viewProjection } as const;
    const filter = { 'lease.claimId': claimId, status: 'running', ...allowed };
    return (await this.jobs.findOneAndUpdate(filter, { $set: { 'lease.told': true } }, options)) as JobView | null;
  }

  /** The operations of the first `limit` queued jobs that may be claimed, in the order of their turn. */
  async listClaimable(operations: readonly string[], limit: number): Promise<string[]> {
    const filter = { status: 'queued', operation: { $in: [...operations] }, ...timeHasCome };
    const options = { ...sweepLimits, projection: { operation: 1 }, sort: { rank: 1, _id: 1 }, limit } as const;
    const jobs = await alongIndex(index, (hint) => this.jobs.find(filter as never, { ...options, ...hint }).toArray());
    return jobs.map((job) => (job as unknown as JobDocument).operation);
  }

  /** How many leases there are, ended ones included. */
  async countLeases(): Promise<number> {
    return this.jobs.countDocuments(live, sweepLimits);
  }

  /** Jobs whose lease has ended by the server's clock, those that ended first at the head. */
  async listEnded(limit: number): Promise<LeasedJob[]> {
    const filter = { ...live, $expr: { $lt: ['$lease.expiresAt', '$$NOW'] } };
    return this.sweep(filter, { 'lease.expiresAt': 1 }, limit);
  }

  /** Jobs whose run budget is spent, by a reading of the clock that stands still under maintenance. */
  async listOverBudget(clock: ClockReading, limit: number): Promise<LeasedJob[]> {
    return this.sweep({ status: 'running', ...clock.overCondition(budgetLimit) }, { 'lease.budgetEndsAt': 1 }, limit);
  }

  private async sweep(filter: object, sort: Record<string, 1>, limit: number): Promise<LeasedJob[]> {
    const found = this.jobs.find(filter as never, { ...sweepLimits, projection: leasedProjection, sort, limit });
    return (await found.toArray()) as unknown as LeasedJob[];
  }
}
