import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '../common/caller.js';
import type { ExpectedVersion } from '../common/http/etag.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Metrics } from '../observability/index.js';
import { cancelRequestChange, editChange, type JobEdit, type JobDefaults, type JobEnd, type NewJob } from './job-changes.js';
import { JobEndings } from './job-endings.js';
import { JobClock } from './job-clock.js';
import { JobConflicts } from './job-conflicts.js';
import { holderSentence } from './job-holder.js';
import { maxLooks } from './job-looks.js';
import { isFinal } from './jobs-lifecycle.js';
import { JobFinalError, JobNotFoundError, OperationDisabledError } from './jobs.errors.js';
import type { CompatListedJob, JobView } from './job-views.js';
import { JobsStore } from './jobs.store.js';
import { ClaimDesk } from './protocol/claim-desk.js';

/** A job asked for on the native API. */
export interface CreateRequest {
  readonly job: NewJob;
  /** What to do when the dataset is busy: refuse, or answer with the job that holds it. */
  readonly onConflict: 'refuse' | 'return';
}

/** What became of a creation: the thing that was made, or the job that holds the dataset. */
export type CreatedOrHeld<T> = { readonly kind: 'created'; readonly value: T } | { readonly kind: 'held'; readonly holder: JobView };

/** Creates, changes and ends jobs: the use cases of both surfaces. */
@Injectable()
export class JobsService {
  constructor(
    private readonly store: JobsStore,
    private readonly endings: JobEndings,
    private readonly desk: ClaimDesk,
    private readonly metrics: Metrics,
    private readonly clock: JobClock,
    private readonly conflicts: JobConflicts,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** What a job has that its creator did not say. */
  get defaults(): JobDefaults {
    const { jobsMaxFailures: maxFailures, jobsMaxLosses: maxLosses } = this.settings;
    const unlinked = { traceId: null, retryOf: null, reason: null };
    const times = { notBefore: null, dueAt: null, duePausedMs: 0 };
    return { priority: 'normal', ...times, tags: [], maxFailures, maxLosses, runBudgetSeconds: null, ...unlinked };
  }

  /** @throws OperationDisabledError for a BUMP where the settings do not allow it */
  checkEnabled(operation: string): void {
    if (operation === 'BUMP' && !this.settings.bumpEnabled) throw new OperationDisabledError();
  }

  /**
   * Creates a job, or null when its dataset is busy.
   * @param after the job before it in the same request
   */
  async tryCreate(job: NewJob, caller: Caller, after: JobView | null = null): Promise<JobView | null> {
    const creation = await this.store.create(randomUUID(), await this.clock.anchored(job), { caller, after: after?.createdAt ?? null });
    if (creation.kind === 'busy') return null;
    this.metrics.jobCreated(job.operation);
    this.desk.ring();
    return creation.job;
  }

  /**
   * Creates a job, or finds the one that holds the dataset.
   * @throws TargetBusyError when the dataset is busy and the request refuses that
   */
  async create({ job, onConflict }: CreateRequest, caller: Caller): Promise<{ created: boolean; job: JobView }> {
    const created = await this.createOrFindHolder({ job, onConflict }, () => this.tryCreate(job, caller));
    return created.kind === 'created' ? { created: true, job: created.value } : { created: false, job: created.holder };
  }

  /**
   * Repeats `create`, which answers null where the dataset is busy, until it answers or somebody is found who holds the dataset: its holder may end in between.
   * @throws TargetBusyError when the dataset is busy and the request refuses that
   */
  async createOrFindHolder<T>({ job, onConflict }: CreateRequest, create: () => Promise<T | null>): Promise<CreatedOrHeld<T>> {
    for (let look = 0; look < maxLooks; look++) {
      const value = await create();
      if (value !== null) return { kind: 'created', value };
      const holder = await this.store.findActiveByDataset(job.datasetName);
      if (holder && onConflict === 'return') return { kind: 'held', holder };
      if (holder) throw await this.conflicts.busy(holder);
    }
    throw await this.conflicts.busy(null);
  }

  /** Says in one sentence what keeps a dataset busy. */
  async describeHolder(datasetName: string): Promise<string> {
    const holder = await this.store.findActiveByDataset(datasetName);
    return holder ? holderSentence(holder) : `${datasetName} had an active job at that moment.`;
  }

  /** @throws JobNotFoundError */
  async get(id: string): Promise<JobView> {
    const job = await this.store.findById(id);
    if (!job) throw new JobNotFoundError(id);
    return job;
  }

  /** A job with its log. @throws JobNotFoundError */
  async getWithLog(id: string): Promise<CompatListedJob> {
    const job = await this.store.findWithLog(id);
    if (!job) throw new JobNotFoundError(id);
    return job;
  }

  /**
   * Edits an unfinished job.
   * @throws JobNotFoundError, JobFinalError; PreconditionFailedError when the job is not at the expected version
   */
  async edit(
    id: string,
    { edit, expected, reason = null }: { edit: JobEdit; expected: ExpectedVersion | undefined; reason?: string | null },
    caller: Caller,
  ): Promise<JobView> {
    const version = typeof expected === 'number' ? { version: expected } : {};
    const change = { ...editChange(await this.clock.anchored(edit), caller), reason };
    const edited = await this.store.applyAndGet(id, change, version);
    return edited ?? this.refuse(id);
  }

  /**
   * Cancels a job: at once while it is queued or when forced, else it notes the wish, which its worker's next report meets.
   * @throws JobNotFoundError, JobFinalError; PreconditionFailedError when the job is not at the expected version
   */
  async cancel(
    id: string,
    { reason, force, expected }: { reason: string; force: boolean; expected: ExpectedVersion | undefined },
    caller: Caller,
  ): Promise<JobView> {
    const version = typeof expected === 'number' ? { version: expected } : {};
    const end = (): JobEnd => cancelledEnd(reason);
    for (let look = 0; look < maxLooks; look++) {
      const cancelled = await this.endings.end(id, end, { expected: { ...version, ...(force ? {} : { queued: true }) }, caller });
      if (cancelled) return cancelled;
      const requested = force ? null : await this.store.applyAndGet(id, cancelRequestChange(reason, caller), version);
      // A job that went back to queued in between is cancelled at once, on the next look.
      if (requested && requested.status === 'running') return requested;
      if (!requested) return this.refuse(id);
    }
    return this.refuse(id);
  }

  /** Says why a job could not be changed: it is not there, finished, or at another version. */
  private async refuse(id: string): Promise<never> {
    const job = await this.get(id);
    if (isFinal(job.status)) throw new JobFinalError({ status: job.status, version: job.version });
    throw await this.conflicts.changedMeanwhile(job);
  }
}

const cancelledEnd = (reason: string): JobEnd => ({
  status: 'cancelled',
  attemptOutcome: 'cancelled',
  error: null,
  lines: [`Cancelled: ${reason}`],
  reason,
});
