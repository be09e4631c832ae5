import { Inject, Injectable } from '@nestjs/common';
import { NIL as nobodysId } from 'uuid';
import type { Caller } from '../../common/caller.js';
import { AppError } from '../../common/errors/app-error.js';
import { bodyFingerprint, type IdempotencyKey, type StoredAnswer } from '../../common/http/idempotency.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import type { JobDto } from '../job-answers.dto.js';
import { insertionOf, type NewJob } from '../job-changes.js';
import { JobClock } from '../job-clock.js';
import { JobIdempotentCreation } from '../job-idempotent-creation.js';
import { JobListsStore } from '../job-lists.store.js';
import { JobPresenter } from '../job-presenter.js';
import { newJobOf } from '../job-requests.js';
import type { JobView } from '../job-views.js';
import type { CreateJobDto } from '../jobs.dto.js';
import { JobsService } from '../jobs.service.js';

/** What a bulk creation would do. */
export interface CreationPlan {
  readonly jobs: readonly NewJob[];
  /** Items of which no job would be made, with the job that holds their dataset, if one does already. */
  readonly excluded: readonly { readonly index: number; readonly jobId: string | null; readonly code: string }[];
}

/** Creates many jobs, each as one call would. */
@Injectable()
export class BulkCreation {
  constructor(
    private readonly jobs: JobsService,
    private readonly keyed: JobIdempotentCreation,
    private readonly lists: JobListsStore,
    private readonly presenter: JobPresenter,
    private readonly clock: JobClock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** What creating these items would do now. An item holds its dataset against those behind it. */
  async plan(items: readonly CreateJobDto[], caller: Caller): Promise<CreationPlan> {
    const holders = await this.lists.findActiveByDatasets(items.map(({ datasetName }) => datasetName));
    const held = new Map<string, string | null>(holders.map(({ _id, datasetName }) => [datasetName, _id]));
    const jobs: NewJob[] = [];
    const excluded: CreationPlan['excluded'][number][] = [];
    for (const [index, item] of items.entries()) {
      const job = this.jobOrRefusal(item, caller);
      const holder = held.get(item.datasetName);
      if (job instanceof AppError) excluded.push({ index, jobId: null, code: job.code });
      else if (holder !== undefined) excluded.push({ index, jobId: holder, code: 'JOBS.TARGET_BUSY' });
      else {
        jobs.push(job);
        held.set(item.datasetName, null);
      }
    }
    return { jobs, excluded };
  }

  /** Jobs as they would be if they were created now. */
  async preview(jobs: readonly NewJob[], caller: Caller): Promise<JobDto[]> {
    const { now } = await this.clock.read();
    const times = { createdAt: now, updatedAt: now, serverNow: now };
    return jobs.map((job) => {
      const { document } = insertionOf(nobodysId, job, { caller, after: null });
      return this.presenter.showNew({ ...document, ...times, version: 0 } as unknown as JobView);
    });
  }

  /** The job that an item asks for. @throws what makes the single call refuse it */
  private jobOf(item: CreateJobDto, { actor }: Caller): NewJob {
    const job = newJobOf(item, { defaults: this.jobs.defaults, extraOperations: this.settings.jobsExtraOperations, actor });
    this.jobs.checkEnabled(job.operation);
    return job;
  }

  private jobOrRefusal(item: CreateJobDto, caller: Caller): NewJob | AppError {
    try {
      return this.jobOf(item, caller);
    } catch (error) {
      if (error instanceof AppError) return error;
      throw error;
    }
  }

  /**
   * Creates one item; under a key, once for its place in the request.
   * @throws what the single call throws
   */
  async create(item: CreateJobDto, { index, key, caller }: { index: number; key: IdempotencyKey | undefined; caller: Caller }) {
    const request = { job: this.jobOf(item, caller), onConflict: item.onConflict ?? 'refuse' } as const;
    if (!key) return shown((await this.jobs.create(request, caller)).job);
    const ownKey = { ...key, key: `${key.key}#${index}`, fingerprint: bodyFingerprint(item) };
    return this.createOnce(request, ownKey, caller);
  }

  private async createOnce(request: { job: NewJob; onConflict: 'refuse' | 'return' }, key: IdempotencyKey, caller: Caller) {
    const answerFor = (job: JobView): StoredAnswer => ({
      status: 201,
      location: `/api/v1/jobs/${job._id}`,
      body: this.presenter.showNew(job),
    });
    const outcome = await this.keyed.create({ ...request, key, answerFor }, caller);
    return outcome.kind === 'held' ? shown(outcome.holder) : (outcome.value.body as { jobId: string; status: string });
  }
}

const shown = ({ _id, status }: JobView): { jobId: string; status: string } => ({ jobId: _id, status });
