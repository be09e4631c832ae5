import { Inject, Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import type { Place } from '../common/http/cursor.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { statementLimits } from '../database/connection-options.js';
import { MaintenanceClock } from '../maintenance/index.js';
import { collectionsOf, conditionsOf, dueConditionsOf, type JobFilter, timeHasCome, withoutIdleStatus } from './job-filter.js';
import { isFinal, type JobStatus } from './jobs-lifecycle.js';
import { type ListedJob, listedProjection } from './job-views.js';
import { completedModel, inProgressModel, type JobDocument } from './jobs.schema.js';

export const jobSorts = ['-createdAt', 'createdAt', '-finishedAt'] as const;
export type JobSort = (typeof jobSorts)[number];

type SortField = 'createdAt' | 'finishedAt';

/** Conditions that keep the documents behind a place, in the direction of reading. */
function behind(field: SortField, place: Place | undefined, direction: 1 | -1): Record<string, unknown>[] {
  if (!place) return [];
  const [at, id] = place.key;
  const [reached, passed] = direction === 1 ? ['$gte', '$lte'] : ['$lte', '$gte'];
  return [{ [field]: { [reached]: at } }, { $nor: [{ [field]: at, _id: { [passed]: id } }] }];
}

/** Which of the collections a list reads: in order of completion stand finished jobs only. */
const collectionsIn = (filter: JobFilter, sort: JobSort): ReturnType<typeof collectionsOf> => {
  const { inProgress, completed } = collectionsOf(filter);
  return { inProgress: inProgress && sort !== '-finishedAt', completed };
};

const conditions = (all: Record<string, unknown>[]): Record<string, unknown> =>
  all.length === 0 ? {} : all.length === 1 ? all[0]! : { $and: all };

/** The native lists of jobs. In each, `inprogress` is read before `completed`, so that a job that moves in between is met at least once; doubles are dropped. */
@Injectable()
export class JobListsStore {
  constructor(
    @InjectModel(inProgressModel.name) private readonly inProgressJobs: Model<JobDocument>,
    @InjectModel(completedModel.name) private readonly completedJobs: Model<JobDocument>,
    private readonly clock: MaintenanceClock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Up to `limit` jobs behind a place, in the sort's order, or backwards before it. */
  async page(filter: JobFilter, sort: JobSort, range: { place: Place | undefined; limit: number }): Promise<ListedJob[]> {
    const field: SortField = sort === '-finishedAt' ? 'finishedAt' : 'createdAt';
    const forwards = sort === 'createdAt' ? 1 : -1;
    const direction = range.place?.direction === 'before' ? (-forwards as 1 | -1) : forwards;
    const { inProgress, completed } = collectionsIn(filter, sort);
    const query = { filter, field, direction, ...range } as const;
    const active = inProgress ? await this.read('inProgress', query) : [];
    const finished = completed ? await this.read('completed', query) : [];
    return merge(active, finished, direction).slice(0, range.limit);
  }

  private async read(
    name: 'inProgress' | 'completed',
    query: { filter: JobFilter; field: SortField; direction: 1 | -1; place: Place | undefined; limit: number },
  ): Promise<ListedJob[]> {
    const { filter, field, direction, place, limit } = query;
    const all = [...(await this.conditionsIn(name, filter)), ...behind(field, place, direction)];
    return this.collectionOf(name)
      .find<ListedJob>(conditions(all) as never)
      .project<ListedJob>(listedProjection)
      .sort({ [field]: direction, _id: direction })
      .limit(limit)
      .maxTimeMS(statementLimits.listMs)
      .toArray();
  }

  private async conditionsIn(name: 'inProgress' | 'completed', filter: JobFilter): Promise<Record<string, unknown>[]> {
    const due = filter.overdue === undefined ? [] : dueConditionsOf(filter, await this.clock.read());
    return [...conditionsOf(withoutIdleStatus(filter, name), this.settings.jobsStaleSeconds), ...due];
  }

  private collectionOf(name: 'inProgress' | 'completed') {
    return (name === 'inProgress' ? this.inProgressJobs : this.completedJobs).collection;
  }

  /** How many jobs the list of a filter and sort holds, counted up to `limit`. */
  async count(filter: JobFilter, sort: JobSort, limit: number): Promise<number> {
    const wanted = collectionsIn(filter, sort);
    let count = 0;
    for (const name of ['inProgress', 'completed'] as const) {
      if (!wanted[name] || count >= limit) continue;
      const all = conditions(await this.conditionsIn(name, filter));
      count += await this.collectionOf(name).countDocuments(all, { limit: limit - count, maxTimeMS: statementLimits.listMs });
    }
    return count;
  }

  /** How many jobs the unfiltered list of a sort holds, from the collections' own counts. */
  async estimateAll(sort: JobSort): Promise<number> {
    const wanted = collectionsIn({}, sort);
    let count = 0;
    for (const name of ['inProgress', 'completed'] as const)
      if (wanted[name]) count += await this.collectionOf(name).estimatedDocumentCount({ maxTimeMS: statementLimits.oneDocumentMs });
    return count;
  }

  /** The unfinished jobs of some datasets, without their logs. */
  async findActiveByDatasets(names: readonly string[]): Promise<ListedJob[]> {
    const filter = { datasetName: { $in: [...names] } };
    return this.inProgressJobs.collection
      .find<ListedJob>(filter)
      .project<ListedJob>(listedProjection)
      .maxTimeMS(statementLimits.listMs)
      .toArray();
  }

  /** The jobs that some workers hold, without their logs. */
  async findLeasedTo(workerIds: readonly string[]): Promise<ListedJob[]> {
    return this.inProgressJobs.collection
      .find<ListedJob>({ status: 'running', 'lease.workerId': { $in: [...workerIds] } } as never)
      .project<ListedJob>(listedProjection)
      .maxTimeMS(statementLimits.listMs)
      .toArray();
  }

  /** How many queued jobs of the same operation have their turn before this one, counted up to 1,000. */
  async countBefore({ _id, operation, rank }: Pick<JobDocument, '_id' | 'operation' | 'rank'>): Promise<number> {
    const before = { status: 'queued', operation, $or: [{ rank: { $lt: rank } }, { rank, _id: { $lt: _id } }], ...timeHasCome };
    return this.inProgressJobs.collection.countDocuments(before as never, { limit: 1_000, maxTimeMS: statementLimits.listMs });
  }

  /** Some jobs wherever they are, in any order. */
  async findByIds(ids: readonly string[]): Promise<ListedJob[]> {
    const found = new Map<string, ListedJob>();
    for (const name of ['inProgress', 'completed'] as const) {
      const jobs = this.collectionOf(name).find<ListedJob>({ _id: { $in: [...ids] } } as never);
      for (const job of await jobs.project<ListedJob>(listedProjection).maxTimeMS(statementLimits.listMs).toArray())
        found.set(job._id, job);
    }
    return [...found.values()];
  }

  /** How many jobs are in a state. */
  async countByStatus(status: JobStatus): Promise<number> {
    return this.collectionOf(isFinal(status) ? 'completed' : 'inProgress').countDocuments(
      { status },
      { maxTimeMS: statementLimits.listMs },
    );
  }

  /** How long the last runs of an operation took that completed, in seconds; of its `limit` newest finished jobs. */
  async newestRunSeconds(operation: string, limit: number): Promise<number[]> {
    const newest = await this.completedJobs.collection
      .find({ operation })
      .project<Pick<JobDocument, 'status' | 'startedAt' | 'finishedAt'>>({ _id: 0, status: 1, startedAt: 1, finishedAt: 1 })
      .sort({ finishedAt: -1, _id: -1 })
      .limit(limit)
      .maxTimeMS(statementLimits.listMs)
      .toArray();
    return newest.flatMap(({ status, startedAt, finishedAt }) =>
      status === 'completed' && startedAt && finishedAt ? [(finishedAt.getTime() - startedAt.getTime()) / 1_000] : [],
    );
  }

  /** Running jobs, oldest first. */
  async listRunning(limit: number): Promise<ListedJob[]> {
    return this.page({ status: { wanted: ['running'], refused: [] } }, 'createdAt', { place: undefined, limit });
  }

  /** For each operation with queued jobs that may start now: since when the oldest waits. */
  async oldestQueued(): Promise<{ operation: string; since: Date; serverNow: Date }[]> {
    const mayStart = { $lte: [{ $ifNull: ['$notBefore', '$createdAt'] }, '$$NOW'] };
    const groups = await this.inProgressJobs.collection
      .aggregate<{ _id: string; since: Date; serverNow: Date }>(
        [
          { $match: { status: 'queued', $expr: mayStart } },
          { $group: { _id: '$operation', since: { $min: { $ifNull: ['$notBefore', '$createdAt'] } }, serverNow: { $max: '$$NOW' } } },
        ],
        { maxTimeMS: statementLimits.listMs },
      )
      .toArray();
    return groups.map(({ _id, since, serverNow }) => ({ operation: _id, since, serverNow }));
  }
}

/** Two sorted lists as one, by creation; a job that stands in both counts as finished. */
function merge(active: readonly ListedJob[], finished: readonly ListedJob[], direction: 1 | -1): ListedJob[] {
  if (active.length === 0) return [...finished];
  const moved = new Set(finished.map((job) => job._id));
  const all = [...active.filter((job) => !moved.has(job._id)), ...finished];
  const order = (a: ListedJob, b: ListedJob) => a.createdAt.getTime() - b.createdAt.getTime() || (a._id < b._id ? -1 : 1);
  return all.sort((a, b) => direction * order(a, b));
}
