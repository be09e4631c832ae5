import { Injectable } from '@nestjs/common';
import { TooBroadError } from '../common/errors/request.errors.js';
import { type Page, readPage } from '../common/http/page.js';
import { ranOutOfTime } from '../database/mongo-errors.js';
import type { ActiveWork, ActiveWorkSource } from '../targets/index.js';
import type { JobFilter } from './job-filter.js';
import { type CompatFilter, JobListsStore, type JobSort } from './job-lists.store.js';
import type { CompatListedJob, ListedJob } from './job-views.js';
import { compatStatusOf, targetActionOf } from './jobs-lifecycle.js';

/** Which page of which list. */
export interface JobPageRequest {
  readonly filter: JobFilter;
  readonly sort: JobSort;
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly count?: 'estimate' | 'exact' | undefined;
}

const exactUpTo = 10_000;

/** The read side of jobs, for this feature's controllers and for other features. */
@Injectable()
export class JobsReader implements ActiveWorkSource {
  constructor(private readonly lists: JobListsStore) {}

  /**
   * One page of jobs, without logs.
   * @throws CursorInvalidError; TooBroadError when the filter takes too long
   */
  async page({ filter, sort, limit, cursor, count }: JobPageRequest): Promise<Page<ListedJob>> {
    try {
      const page = await readPage({
        limit,
        cursor,
        boundTo: ['jobs', filter, sort],
        keyOf: (job: ListedJob) => [sort === '-finishedAt' ? job.finishedAt : job.createdAt, job._id],
        keyLength: 2,
        read: (place, wanted) => this.lists.page(filter, sort, { place, limit: wanted }),
      });
      return count ? { ...page, count: await this.count(filter, count) } : page;
    } catch (error) {
      if (ranOutOfTime(error)) throw new TooBroadError(error);
      throw error;
    }
  }

  private async count(filter: JobFilter, kind: 'estimate' | 'exact'): Promise<{ value: number; exact: boolean }> {
    if (kind === 'estimate' && Object.keys(filter).length === 0) return { value: await this.lists.estimateAll(), exact: false };
    const value = await this.lists.count(filter, exactUpTo + 1);
    return { value: Math.min(value, exactUpTo), exact: value <= exactUpTo };
  }

  /** The original's list of jobs. */
  streamCompat(filter: CompatFilter): AsyncGenerator<CompatListedJob[]> {
    return this.lists.streamCompat(filter);
  }

  /** The original's list of a target's jobs. */
  streamOfTarget(name: string, operations: readonly string[]): AsyncGenerator<CompatListedJob[]> {
    return this.lists.streamOfTarget(name, operations);
  }

  /** The unfinished job of a dataset; null when it has none. */
  async findActiveByDataset(name: string): Promise<ListedJob | null> {
    return (await this.lists.findActiveByDatasets([name]))[0] ?? null;
  }

  /** The unfinished jobs of some datasets, by dataset; datasets without one are left out. */
  async findActiveByDatasets(names: readonly string[]): Promise<ReadonlyMap<string, ListedJob>> {
    return new Map((await this.lists.findActiveByDatasets(names)).map((job) => [job.datasetName, job]));
  }

  /** Number of running jobs, `built` ones included. */
  countRunning(): Promise<number> {
    return this.lists.countByStatus('running');
  }

  /** Running jobs, oldest first. */
  listRunning(limit: number): Promise<(ListedJob & { jobId: string })[]> {
    return this.lists.listRunning(limit).then((jobs) => jobs.map((job) => ({ ...job, jobId: job._id })));
  }

  /** What target rows need of unfinished jobs. */
  async findActiveWork(names: readonly string[]): Promise<ReadonlyMap<string, ActiveWork>> {
    return new Map([...(await this.findActiveByDatasets(names))].map(([name, job]) => [name, activeWorkOf(job)]));
  }
}

const activeWorkOf = (job: ListedJob): ActiveWork => ({
  status: job.status,
  compatStatus: compatStatusOf(job),
  action: targetActionOf(job.operation, job.parameters),
  lastUpdatedAt: job.updatedAt,
  lastUpdatedBy: job.createdBy,
  lastJobId: job._id,
});
