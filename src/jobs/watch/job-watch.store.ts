import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { statementLimits } from '../../database/connection-options.js';
import type { ClockReading } from '../../maintenance/index.js';
import { dueLimit } from '../job-filter.js';
import { inProgressModel, type JobDocument } from '../jobs.schema.js';

const limits = { maxTimeMS: statementLimits.listMs };

/** A job past its due time. */
export type OverdueJob = Pick<JobDocument, '_id' | 'duePausedMs'> & { readonly dueAt: Date };
/** A job that nobody has heard of for long. */
export type SilentJob = Pick<JobDocument, '_id' | 'updatedAt'>;

/** The look at jobs that somebody should be told of. The telling itself goes through `JobsStore`. */
@Injectable()
export class JobWatchStore {
  constructor(@InjectModel(inProgressModel.name) private readonly inProgress: Model<JobDocument>) {}

  /** Jobs past a due time that nobody has been told of, the earliest first. */
  async listNewlyOverdue(clock: ClockReading, limit: number): Promise<OverdueJob[]> {
    const untold = { $expr: { $ne: ['$overdueTold', '$dueAt'] } };
    const filter = { $and: [clock.overCondition(dueLimit), untold] };
    return this.list<OverdueJob>(filter, { fields: ['dueAt', 'duePausedMs'], sort: { dueAt: 1 }, limit });
  }

  /** Running jobs without a lease that have been silent for so long, and nobody has been told, in any order. */
  async listNewlySilent(silentSeconds: number, limit: number): Promise<SilentJob[]> {
    const silent = { $lt: ['$updatedAt', { $subtract: ['$$NOW', silentSeconds * 1_000] }] };
    const filter = { status: 'running', lease: null, $expr: { $and: [silent, { $ne: ['$staleTold', '$updatedAt'] }] } };
    return this.list<SilentJob>(filter, { fields: ['updatedAt'], limit });
  }

  private async list<T>(
    filter: object,
    { fields, sort = {}, limit }: { fields: readonly (keyof T)[]; sort?: Record<string, 1>; limit: number },
  ): Promise<T[]> {
    const projection = Object.fromEntries(fields.map((field) => [field, 1]));
    const found = this.inProgress.collection.find(filter as never, { ...limits, projection, sort, limit });
    return (await found.toArray()) as unknown as T[];
  }
}
