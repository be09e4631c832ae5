import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '../common/caller.js';
import type { ExpectedVersion } from '../common/http/etag.js';
import { PreconditionFailedError } from '../common/errors/precondition.errors.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { EventHistory } from '../events/index.js';
import { Metrics } from '../observability/index.js';
import {
  cancelRequestChange,
  editChange,
  type JobEdit,
  type JobDefaults,
  type JobEnd,
  type NewJob,
  reportChange,
  reportLines,
  type StatusReport,
} from './job-changes.js';
import { JobEndings } from './job-endings.js';
import type { Expected } from './job-expectations.js';
import { holderOf, holderSentence } from './job-holder.js';
import { isFinal, reportedState } from './jobs-lifecycle.js';
import { JobFinalError, JobNotFoundError, OperationDisabledError, TargetBusyError } from './jobs.errors.js';
import type { CompatListedJob, JobView } from './job-views.js';
import type { JobDocument } from './jobs.schema.js';
import { JobsStore } from './jobs.store.js';
import { ClaimDesk } from './protocol/claim-desk.js';

/** What became of a status report. */
export type ReportOutcome = 'applied' | 'notFound' | 'leased';

/** A job asked for on the native API. */
export interface CreateRequest {
  readonly job: NewJob;
  /** What to do when the dataset is busy: refuse, or answer with the job that holds it. */
  readonly onConflict: 'refuse' | 'return';
}

/** What became of a creation: the thing that was made, or the job that holds the dataset. */
export type CreatedOrHeld<T> = { readonly kind: 'created'; readonly value: T } | { readonly kind: 'held'; readonly holder: JobView };

/** How often a report is tried again when the job changed between two looks at it. */
const maxLooks = 5;

/** Creates, changes and ends jobs: the use cases of both surfaces. */
@Injectable()
export class JobsService {
  constructor(
    private readonly store: JobsStore,
    private readonly endings: JobEndings,
    private readonly desk: ClaimDesk,
    private readonly history: EventHistory,
    private readonly metrics: Metrics,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** What a job has that its creator did not say. */
  get defaults(): JobDefaults {
    const { jobsMaxFailures: maxFailures, jobsMaxLosses: maxLosses } = this.settings;
    const unlinked = { traceId: null, retryOf: null, reason: null };
    return { priority: 'normal', notBefore: null, dueAt: null, tags: [], maxFailures, maxLosses, runBudgetSeconds: null, ...unlinked };
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
    const creation = await this.store.create(randomUUID(), job, { caller, after: after?.createdAt ?? null });
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
      if (holder) throw busy(holder);
    }
    throw busy(null);
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
   * Takes a status report of an original worker. Any status may follow any other while the job is unfinished.
   * `leased` means that a worker of the native protocol has the job, whose status nobody else may report.
   */
  async report(id: string, report: StatusReport, caller: Caller): Promise<ReportOutcome> {
    const status = report.status && reportedState(report.status).status;
    if (status && isFinal(status)) return this.reportEnd(id, report, { status, caller });
    const { compatMaxRequeues: compatRequeuesBelow } = this.settings;
    const mayRequeue = { cancelRequested: false, compatRequeuesBelow };
    const expected: Expected = { ...(status && { unleased: true }), ...(status === 'queued' && mayRequeue) };
    for (let look = 0; look < maxLooks; look++) {
      if (await this.store.apply(id, reportChange(report, caller), expected)) return 'applied';
      const job = await this.store.findActive(id);
      if (!job) return 'notFound';
      if (job.lease) return 'leased';
      // Given back by its worker after somebody asked for its end.
      if (job.cancelRequested) return this.reportEnd(id, report, { status: 'failed', caller });
      if (status === 'queued' && job.compatRequeues >= compatRequeuesBelow) return this.endPoisoned(id, report, caller);
    }
    return 'notFound';
  }

  /** Ends a job that its workers put back to queued again and again: each of them most likely died of it. */
  private async endPoisoned(id: string, report: StatusReport, caller: Caller): Promise<ReportOutcome> {
    const end = (job: JobDocument): JobEnd => requeuedTooOften(job, report);
    const finished = await this.endings.end(id, end, { expected: { unleased: true, running: true }, caller });
    if (finished) return 'applied';
    return (await this.store.findActive(id)) ? 'leased' : 'notFound';
  }

  private async reportEnd(
    id: string,
    report: StatusReport,
    { status, caller }: { status: 'completed' | 'failed' | 'cancelled'; caller: Caller },
  ): Promise<ReportOutcome> {
    const end = (job: JobDocument): JobEnd => reportedEnd(job, report, status);
    const finished = await this.endings.end(id, end, { expected: { unleased: true }, caller });
    if (finished) return 'applied';
    return (await this.store.findActive(id)) ? 'leased' : 'notFound';
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
    const edited = await this.store.applyAndGet(id, { ...editChange(edit, caller), reason }, version);
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
    const [last] = await this.history.of(id, job.outbox, 1);
    const changedBy = last ? { id: last.actor.id, name: last.actor.name } : null;
    throw new PreconditionFailedError({ status: job.status, version: job.version }, changedBy);
  }
}

/** The conflict that names a dataset's holder; null when it ended between the two looks at it. */
function busy(holder: JobView | null): TargetBusyError {
  if (!holder) return new TargetBusyError('The dataset had an active job, which has just ended; try again.', null);
  return new TargetBusyError(holderSentence(holder), holderOf(holder));
}

const noMessage = 'The worker reported no message.';

/** The end that an original worker reports; a failure after somebody asked for the job's cancellation is that. */
function reportedEnd(job: JobDocument, report: StatusReport, reported: 'completed' | 'failed' | 'cancelled'): JobEnd {
  const cancelled = reported !== 'completed' && job.cancelRequested !== null;
  const status = cancelled ? 'cancelled' : reported;
  const lines = reportLines(report);
  return {
    status,
    attemptOutcome: status,
    error:
      status === 'failed'
        ? { code: 'WORKER_FAILED', message: (report.log ?? noMessage).slice(0, 1_000).toWellFormed(), details: null }
        : null,
    lines: cancelled ? [...lines, `Cancelled: ${job.cancelRequested?.reason}`] : lines,
    ...(report.description !== undefined && { description: report.description }),
    reason: cancelled ? (job.cancelRequested?.reason ?? null) : null,
  };
}

/** The end of a job that went back from running to queued too often. */
function requeuedTooOften(job: JobDocument, report: StatusReport): JobEnd {
  const message = `Put back to queued ${job.compatRequeues + 1} times while running; COMPAT_MAX_REQUEUES allows ${job.compatRequeues}.`;
  return {
    ...reportedEnd(job, report, 'failed'),
    error: { code: 'REQUEUED_TOO_OFTEN', message, details: null },
    lines: [...reportLines(report), message],
    reason: message,
  };
}

const cancelledEnd = (reason: string): JobEnd => ({
  status: 'cancelled',
  attemptOutcome: 'cancelled',
  error: null,
  lines: [`Cancelled: ${reason}`],
  reason,
});
