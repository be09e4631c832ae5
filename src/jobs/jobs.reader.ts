import { Injectable } from '@nestjs/common';
import { type Page, type PageQueryDto, readCountablePage } from '../common/http/page.js';
import { unlessTooBroad } from '../database/mongo-errors.js';
import type { ActiveWork, ActiveWorkSource } from '../targets/index.js';
import type { JobFilter } from './job-filter.js';
import { type CompatFilter, CompatListsStore } from './compat/compat-lists.store.js';
import { JobListsStore, type JobSort } from './job-lists.store.js';
import { JobPresenter } from './job-presenter.js';
import type { ListedJob } from './job-views.js';
import type { JobDto } from './job-answers.dto.js';
import { compatStatusOf, targetActionOf } from './jobs-lifecycle.js';

/** Which page of which list. */
export interface JobPageRequest {
  readonly filter: JobFilter;
  readonly sort: JobSort;
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly count?: 'estimate' | 'exact' | undefined;
}

/** An unfinished job, as other features need it. */
export interface ActiveJob {
  readonly jobId: string;
  readonly datasetName: string;
  readonly operation: string;
  readonly status: string;
  readonly phase: string | null;
  readonly percent: number | null;
  /** The holder of its lease; null without one. */
  readonly workerId: string | null;
  readonly leaseExpiresAt: Date | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
}

/** A job in the eyes of the trace that it belongs to. */
export interface LinkedJob {
  readonly jobId: string;
  readonly operation: string;
  readonly status: string;
  /** True when the job carries the trace's id; else it has its dataset only. */
  readonly sharesTrace: boolean;
  readonly createdAt: Date;
  readonly link: string;
}

/** Newest finished jobs of an operation that its median is taken from. */
const medianOf = 101;
const fewestRuns = 5;

/** The read side of jobs, for this feature's controllers and for other features. */
@Injectable()
export class JobsReader implements ActiveWorkSource {
  constructor(
    private readonly lists: JobListsStore,
    private readonly compatLists: CompatListsStore,
    private readonly presenter: JobPresenter,
  ) {}

  /**
   * One page of jobs, without logs.
   * @throws CursorInvalidError; TooBroadError when the filter takes too long
   */
  page({ filter, sort, limit, cursor, count }: JobPageRequest): Promise<Page<ListedJob>> {
    return unlessTooBroad(() =>
      readCountablePage({
        ...{ limit, cursor, count },
        boundTo: ['jobs', filter, sort],
        keyOf: (job: ListedJob) => [sort === '-finishedAt' ? job.finishedAt : job.createdAt, job._id],
        keyTypes: ['date', 'string'],
        read: (place, wanted) => this.lists.page(filter, sort, { place, limit: wanted }),
        countUpTo: (most) => this.lists.count(filter, sort, most),
        estimate: Object.keys(filter).length === 0 ? () => this.lists.estimateAll(sort) : undefined,
      }),
    );
  }

  /** The original's list of jobs: JSON texts of items, in pieces. */
  compatList(filter: CompatFilter): AsyncGenerator<string> {
    return this.compatLists.list(filter);
  }

  /** The original's list of a target's jobs: JSON texts of items, in pieces. */
  compatListOfTarget(name: string): AsyncGenerator<string> {
    return this.compatLists.listOfTarget(name);
  }

  /** The unfinished jobs of some datasets: at most one each, in any order. */
  async findActiveByDatasets(names: readonly string[]): Promise<ActiveJob[]> {
    return (await this.lists.findActiveByDatasets(names)).map(activeJobOf);
  }

  /** One page of the jobs that have the name as dataset or in a BUMP's manifesto, newest first. */
  async pageByTarget(name: string, query: PageQueryDto): Promise<Page<JobDto>> {
    const page = await this.page({ filter: { target: name }, sort: '-createdAt', ...query });
    return { ...page, items: await this.presenter.showAll(page.items) };
  }

  /** Jobs that carry the trace's id, newest first, and behind them the newest of its dataset, as many as there is room for. */
  async findOfTrace({ traceId, datasetName, limit }: { traceId: string | null; datasetName: string; limit: number }): Promise<LinkedJob[]> {
    const newest = (filter: JobFilter) => this.lists.page(filter, '-createdAt', { place: undefined, limit });
    const ofTrace = traceId === null ? [] : await newest({ traceId });
    const ofDataset = await newest({ dataset: { wanted: [datasetName], refused: [] } });
    const linked = new Map([...ofTrace, ...ofDataset].map((job) => [job._id, linkedJobOf(job, traceId)]));
    return [...linked.values()].slice(0, limit);
  }

  /** Number of running jobs, `built` ones included. */
  countRunning(): Promise<number> {
    return this.lists.countByStatus('running');
  }

  /** Running jobs, oldest first. */
  async listRunning(limit: number): Promise<ActiveJob[]> {
    return (await this.lists.listRunning(limit)).map(activeJobOf);
  }

  /** How long a job of this operation usually runs: the median of the newest runs that completed; null with less than 5 of them. */
  async medianRunSeconds(operation: string): Promise<number | null> {
    const seconds = (await this.lists.newestRunSeconds(operation, medianOf)).sort((a, b) => a - b);
    if (seconds.length < fewestRuns) return null;
    const middle = seconds.length >> 1;
    return seconds.length % 2 === 1 ? seconds[middle]! : (seconds[middle - 1]! + seconds[middle]!) / 2;
  }

  /** What target rows need of unfinished jobs. */
  async findActiveWork(names: readonly string[]): Promise<ReadonlyMap<string, ActiveWork>> {
    return new Map((await this.lists.findActiveByDatasets(names)).map((job) => [job.datasetName, activeWorkOf(job)]));
  }
}

function activeJobOf(job: ListedJob): ActiveJob {
  const { datasetName, operation, status, phase, percent, lease, createdAt, startedAt } = job;
  const holder = { workerId: lease?.workerId ?? null, leaseExpiresAt: lease?.expiresAt ?? null };
  return { jobId: job._id, datasetName, operation, status, phase, percent, ...holder, createdAt, startedAt };
}

const linkedJobOf = ({ _id, operation, status, traceId, createdAt }: ListedJob, ofTrace: string | null): LinkedJob => ({
  jobId: _id,
  operation,
  status,
  sharesTrace: ofTrace !== null && traceId === ofTrace,
  createdAt,
  link: `/api/v1/jobs/${_id}`,
});

const activeWorkOf = (job: ListedJob): ActiveWork => ({
  status: job.status,
  compatStatus: compatStatusOf(job),
  action: targetActionOf(job.operation, job.parameters),
  lastUpdatedAt: job.updatedAt,
  lastUpdatedBy: job.createdBy,
  lastJobId: job._id,
});
