import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '../../common/caller.js';
import { bodyFingerprint, type IdempotencyKey, type StoredAnswer } from '../../common/http/idempotency.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import type { NewJob } from '../job-changes.js';
import { JobIdempotentCreation } from '../job-idempotent-creation.js';
import { JobListsStore } from '../job-lists.store.js';
import { toJobDto } from '../job-mapper.js';
import { newJobOf } from '../job-requests.js';
import type { JobView } from '../job-views.js';
import type { CreateJobDto } from '../jobs.dto.js';
import { JobsService } from '../jobs.service.js';

/** Creates many jobs, each as one call would. */
@Injectable()
export class BulkCreation {
  constructor(
    private readonly jobs: JobsService,
    private readonly keyed: JobIdempotentCreation,
    private readonly lists: JobListsStore,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** The items whose dataset is busy now, with the job that holds it. */
  async busy(items: readonly CreateJobDto[]): Promise<{ jobId: string; datasetName: string }[]> {
    const holders = await this.lists.findActiveByDatasets(items.map(({ datasetName }) => datasetName));
    return holders.map(({ _id, datasetName }) => ({ jobId: _id, datasetName }));
  }

  /**
   * Creates one item; under a key, once for its place in the request.
   * @throws what the single call throws
   */
  async create(item: CreateJobDto, { index, key, caller }: { index: number; key: IdempotencyKey | undefined; caller: Caller }) {
    const { jobsExtraOperations: extraOperations } = this.settings;
    const job = newJobOf(item, { defaults: this.jobs.defaults, extraOperations, actor: caller.actor });
    this.jobs.checkEnabled(job.operation);
    const request = { job, onConflict: item.onConflict ?? 'refuse' } as const;
    if (!key) return shown((await this.jobs.create(request, caller)).job);
    const ownKey = { ...key, key: `${key.key}#${index}`, fingerprint: bodyFingerprint(item) };
    return this.createOnce(request, ownKey, caller);
  }

  private async createOnce(request: { job: NewJob; onConflict: 'refuse' | 'return' }, key: IdempotencyKey, caller: Caller) {
    const answerFor = (job: JobView): StoredAnswer => ({
      status: 201,
      location: `/api/v1/jobs/${job._id}`,
      body: toJobDto(job, this.settings.jobsStaleSeconds),
    });
    const outcome = await this.keyed.create({ ...request, key, answerFor }, caller);
    return outcome.kind === 'held' ? shown(outcome.holder) : (outcome.value.body as { jobId: string; status: string });
  }
}

const shown = ({ _id, status }: JobView): { jobId: string; status: string } => ({ jobId: _id, status });
