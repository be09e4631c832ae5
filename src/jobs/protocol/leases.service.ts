import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '../../common/caller.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { MaintenanceGate } from '../../maintenance/index.js';
import { Metrics } from '../../observability/index.js';
import { WorkerRegistry } from '../../workers/index.js';
import { JobEndings } from '../job-endings.js';
import type { JobView } from '../job-views.js';
import { JobNotFoundError } from '../jobs.errors.js';
import type { JobError } from '../jobs.schema.js';
import { JobsStore } from '../jobs.store.js';
import { JobRequeues } from './job-requeues.js';
import { type Heartbeat, heartbeatChange, releaseChange, retryChange, snoozeChange } from './lease-changes.js';
import { completedEnd, type Completion, failedEnd } from './lease-ends.js';
import { leaseLost } from './lost-lease.js';

/** A call of somebody who says that they hold a job. */
export interface LeaseCall {
  /** The job. */
  readonly id: string;
  readonly token: string;
  readonly caller: Caller;
}

/** What a worker is told with each heartbeat. */
export interface Control {
  /** Stop: fail or release. */
  readonly cancel: { readonly reason: string; readonly by: string } | null;
  /** Finish or release, and claim no more. */
  readonly drain: { readonly reason: string | null } | null;
}

/** A worker's word that its attempt failed. */
export interface FailureReport {
  readonly error: JobError;
  readonly retryable: boolean;
  /** Null: backoff. */
  readonly retryAfterSeconds: number | null;
  readonly closingCall: string;
}

/**
 * What the holder of a lease may do. Every call names the lease's token, and only a running job with that token is changed; an ended lease that nobody took is
 * still good. A call that misses changes nothing.
 * @see API.md 4
 */
@Injectable()
export class LeasesService {
  constructor(
    private readonly store: JobsStore,
    private readonly endings: JobEndings,
    private readonly requeues: JobRequeues,
    private readonly gate: MaintenanceGate,
    private readonly workers: WorkerRegistry,
    private readonly metrics: Metrics,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * Prolongs the lease and notes progress. Safe to repeat.
   * @throws JobNotFoundError, LeaseLostError
   */
  async heartbeat({ id, token, caller }: LeaseCall, beat: Heartbeat): Promise<{ job: JobView; control: Control }> {
    const job = await this.store.applyAndGet(id, heartbeatChange(beat, caller), { leaseToken: token });
    if (!job) return this.refuse(id, token);
    return { job, control: await this.controlOf(job, caller) };
  }

  private async controlOf({ lease, datasetName, cancelRequested }: JobView, caller: Caller): Promise<Control> {
    const workerId = lease!.workerId;
    const [drain, refusal] = await Promise.all([this.workers.noteBeat(workerId, caller), this.gate.refusal({ workerId, datasetName })]);
    return {
      cancel: cancelRequested && { reason: cancelRequested.reason, by: cancelRequested.by },
      drain: drain ? { reason: drain.reason } : refusal && { reason: refusal.detail },
    };
  }

  /**
   * Ends the job as completed, also when its cancellation was requested.
   * @returns the finished job, also for a repeat of the same call
   * @throws JobNotFoundError, LeaseLostError
   */
  async complete({ id, token, caller }: LeaseCall, completion: Completion): Promise<JobView> {
    const finished = await this.endings.end(id, () => completedEnd(completion), { expected: { leaseToken: token }, caller });
    return finished ?? this.repeated(id, token, completion.closingCall);
  }

  /**
   * Ends the attempt as failed: the job waits for its next one, or ends as failed, or as cancelled where somebody asked for that.
   * @returns the job afterwards, also for a repeat of the same call
   * @throws JobNotFoundError, LeaseLostError
   */
  async fail({ id, token, caller }: LeaseCall, report: FailureReport): Promise<JobView> {
    const { error, retryable, retryAfterSeconds, closingCall } = report;
    const retry = { error, afterSeconds: retryAfterSeconds, closingCall, ...this.backoff() };
    const left = await this.requeues.leave(
      id,
      {
        requeue: retryable ? retryChange(retry, caller) : null,
        holds: { leaseToken: token },
        unlessDone: { failuresLeft: true },
        end: (job) => failedEnd(job, error, closingCall),
      },
      caller,
    );
    return left ?? this.repeated(id, token, closingCall);
  }

  private backoff() {
    return { backoffSeconds: this.settings.jobsBackoffSeconds, jitter: 0.5 + Math.random() };
  }

  /** Puts the job off; no failure. @throws JobNotFoundError, LeaseLostError */
  async snooze({ id, token, caller }: LeaseCall, rest: { seconds: number; reason: string | null }): Promise<JobView> {
    return (await this.requeues.giveBack(id, { requeue: snoozeChange(rest, caller), holds: { leaseToken: token } }, caller)) ?? this.refuse(id, token);
  }

  /** Gives the job back; no failure. @throws JobNotFoundError, LeaseLostError */
  async release({ id, token, caller }: LeaseCall, reason: string | null): Promise<JobView> {
    return (await this.requeues.giveBack(id, { requeue: releaseChange(reason, caller), holds: { leaseToken: token } }, caller)) ?? this.refuse(id, token);
  }

  /** A closing call that missed: the repeat of one that went through gets the stored job. */
  private async repeated(id: string, token: string, closingCall: string): Promise<JobView> {
    const job = await this.store.findById(id);
    return job?.closingCall === closingCall ? job : this.refuse(id, token, job);
  }

  private async refuse(id: string, token: string, found?: JobView | null): Promise<never> {
    const job = found === undefined ? await this.store.findById(id) : found;
    if (!job) throw new JobNotFoundError(id);
    this.metrics.leaseLost(job.operation);
    throw leaseLost(job, token);
  }
}
