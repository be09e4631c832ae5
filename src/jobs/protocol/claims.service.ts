import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '../../common/caller.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { MaintenanceGate, type MaintenanceSwitch, refusalOf } from '../../maintenance/index.js';
import { Metrics } from '../../observability/index.js';
import { WorkerRegistry } from '../../workers/index.js';
import type { JobView } from '../job-views.js';
import { ClaimDesk } from './claim-desk.js';
import { JobRequeues } from './job-requeues.js';
import { unclaimChange } from './lease-changes.js';
import { claimMarkOf, newLeaseToken } from './lease-token.js';
import { LeasesStore } from './leases.store.js';

/** Who asks for which work. */
export interface ClaimRequest {
  readonly workerId: string;
  readonly workerVersion: string | null;
  readonly operations: readonly string[];
  /** Null: the default length. */
  readonly leaseSeconds: number | null;
  /** 0: answer at once. */
  readonly waitSeconds: number;
  /** The worker's own name for this claim; null without. */
  readonly claimId: string | null;
}

export const emptyReasons = ['empty', 'maintenance', 'drained', 'stopping'] as const;

/** Why a claim got nothing; none of them is an error. */
export interface NoJob {
  readonly reason: (typeof emptyReasons)[number];
  readonly detail: string | null;
  readonly retryAfterSeconds: number;
}

/** A job under a lease, as its claimer gets it. */
export interface Claimed {
  readonly job: JobView;
  readonly lease: NonNullable<JobView['lease']>;
}

export type ClaimOutcome = Claimed | NoJob;

interface Attempt extends ClaimRequest {
  readonly seconds: number;
  /** `claimId`, bound to the claimer. */
  readonly claimMark: string | null;
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

const retryAfterSeconds = { empty: 1, maintenance: 5, drained: 30, stopping: 1 } as const;
const none = (reason: NoJob['reason'], detail: string | null = null): NoJob => ({
  reason,
  detail,
  retryAfterSeconds: retryAfterSeconds[reason],
});

/**
 * Hands out jobs. A claim is one conditional update; behind it the maintenance switch is read, and a job that a pause forbids is given back before anybody learns
 * of it. So nothing is handed out by a claim that starts after a pause was acknowledged.
 * @see API.md 4
 */
@Injectable()
export class ClaimsService {
  constructor(
    private readonly leases: LeasesStore,
    private readonly requeues: JobRequeues,
    private readonly gate: MaintenanceGate,
    private readonly workers: WorkerRegistry,
    private readonly desk: ClaimDesk,
    private readonly metrics: Metrics,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * Claims one job, waiting for one where the request asks for that.
   * @param signal aborts when the client has gone; a job that was just taken for it is given back
   */
  async claim(request: ClaimRequest, caller: Caller, signal: AbortSignal): Promise<ClaimOutcome> {
    const { workerId, claimId } = request;
    const claimMark = claimId === null ? null : claimMarkOf({ actorId: caller.actor.id, workerId }, claimId);
    const seconds = request.leaseSeconds ?? this.settings.jobsLeaseSeconds;
    const attempt = { ...request, seconds, claimMark, caller, signal };
    const repeated = claimMark && (await this.leases.findClaimed(claimMark));
    return repeated ? claimed(repeated) : this.claimWithin(attempt, performance.now() + request.waitSeconds * 1_000);
  }

  private async claimWithin(attempt: Attempt, deadline: number): Promise<ClaimOutcome> {
    for (let again = false; ; again = true) {
      const outcome = await this.claimNow(attempt);
      const ms = deadline - performance.now();
      if ('job' in outcome || outcome.reason !== 'empty' || ms <= 0) return outcome;
      const { workerId, operations, signal } = attempt;
      const how = await this.desk.wait({ workerId, operations, ms, signal, again });
      if (how === 'ended') return none(this.desk.stopping ? 'stopping' : 'empty');
    }
  }

  private async claimNow(attempt: Attempt): Promise<ClaimOutcome> {
    if (this.desk.stopping) return none('stopping');
    const [drain, current] = await Promise.all([this.noteWorker(attempt), this.gate.current()]);
    if (drain) return none('drained', drain.reason);
    const refusal = refusalOf(current, { workerId: attempt.workerId, datasetName: null });
    if (refusal) return none('maintenance', refusal.detail);
    return this.take(attempt, current);
  }

  private noteWorker({ workerId: id, workerVersion: version, operations, seconds: leaseSeconds, caller }: Attempt) {
    return this.workers.noteClaim({ id, version, operations, leaseSeconds }, caller);
  }

  private async take(attempt: Attempt, current: MaintenanceSwitch): Promise<ClaimOutcome> {
    const { workerId, operations, seconds, claimMark: claimId, caller } = attempt;
    const datasets = current.on && !current.allow.workers.includes(workerId) ? current.allow.datasets : null;
    const lease = { workerId, token: newLeaseToken(), seconds, claimId };
    const taken = await this.leases.claim({ operations, datasets }, lease, caller);
    if (taken === 'repeated') return this.alreadyTaken(claimId!);
    return taken ? this.handOut(taken, attempt) : none('empty');
  }

  /** A repeat of the same claim was faster. */
  private async alreadyTaken(claimId: string): Promise<ClaimOutcome> {
    const job = await this.leases.findClaimed(claimId);
    return job ? claimed(job) : none('empty');
  }

  private async handOut(job: JobView, { workerId, caller, signal }: Attempt): Promise<ClaimOutcome> {
    const refusal = await this.gate.refusal({ workerId, datasetName: job.datasetName });
    if (!refusal && !signal.aborted) {
      this.metrics.jobStarted(job.operation, waitedSeconds(job));
      return claimed(job);
    }
    const reason = refusal ? 'The switch was turned on while the job was being claimed.' : 'The client had gone.';
    await this.requeues.giveBack(job._id, { requeue: unclaimChange(reason, caller), holds: { leaseToken: job.lease!.token } }, caller);
    return refusal ? none('maintenance', refusal.detail) : none('empty');
  }
}

const claimed = (job: JobView): Claimed => ({ job, lease: job.lease! });

/** Seconds from when the job could start to its claim, all by the database's clock. */
function waitedSeconds({ lease, notBefore, createdAt }: JobView): number {
  const since = Math.max(createdAt.getTime(), notBefore?.getTime() ?? 0);
  return Math.max(0, (lease!.claimedAt.getTime() - since) / 1_000);
}
