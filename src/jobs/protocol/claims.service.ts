import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '../../common/caller.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { MaintenanceGate, type MaintenanceSwitch, pausedSoFar, refusalOf } from '../../maintenance/index.js';
import { Metrics } from '../../observability/index.js';
import { WorkerRegistry } from '../../workers/index.js';
import type { JobView } from '../job-views.js';
import { waitedSeconds } from '../job-waiting.js';
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

/** How long a switch that was off is taken for that before a job is taken. */
const believedMs = 1_000;

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
  private seenOff: { readonly current: MaintenanceSwitch; readonly at: number } | undefined;

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
    const repeated = claimMark && (await this.leases.findClaimed(claimMark)) && (await this.tellAgain(claimMark, workerId));
    return repeated || this.claimWithin(attempt, performance.now() + request.waitSeconds * 1_000);
  }

  /**
   * What an earlier call of this claim got; null when that is given back. Under a pause only what was claimed before it: the call that took anything later is
   * about to give it back.
   */
  private async tellAgain(claimMark: string, workerId: string): Promise<Claimed | null> {
    const { on, since, allow } = await this.readSwitch();
    const pause = on && !allow.workers.includes(workerId) ? { since, datasets: allow.datasets } : null;
    const job = await this.leases.tellClaimed(claimMark, pause);
    return job && claimed(job);
  }

  private async claimWithin(attempt: Attempt, deadline: number): Promise<ClaimOutcome> {
    for (let again = false; ; again = true) {
      const outcome = await this.claimNow(attempt, again);
      const ms = deadline - performance.now();
      if ('job' in outcome || outcome.reason !== 'empty' || ms <= 0) return outcome;
      const { workerId, operations, signal } = attempt;
      const how = await this.desk.wait({ workerId, operations, ms, signal, again });
      if (how === 'ended') return none(this.desk.stopping ? 'stopping' : 'empty');
    }
  }

  /** @param woken true when a change of the switch may be what ended a wait */
  private async claimNow(attempt: Attempt, woken: boolean): Promise<ClaimOutcome> {
    if (this.desk.stopping) return none('stopping');
    const [drain, current] = await Promise.all([this.noteWorker(attempt), woken ? this.readSwitch() : this.recentSwitch()]);
    if (drain) return none('drained', drain.reason);
    const refusal = refusalOf(current, { workerId: attempt.workerId, datasetName: null });
    if (refusal) return none('maintenance', refusal.detail);
    return this.take(attempt, current);
  }

  /** The switch as it was when it was last seen off, a moment ago: only the look behind taking a job decides. */
  private recentSwitch(): Promise<MaintenanceSwitch> | MaintenanceSwitch {
    const { seenOff } = this;
    return seenOff && performance.now() - seenOff.at < believedMs ? seenOff.current : this.readSwitch();
  }

  private async readSwitch(): Promise<MaintenanceSwitch> {
    const current = await this.gate.current();
    this.seenOff = current.on ? undefined : { current, at: performance.now() };
    return current;
  }

  private noteWorker({ workerId: id, workerVersion: version, operations, seconds: leaseSeconds, caller }: Attempt) {
    return this.workers.noteClaim({ id, version, operations, leaseSeconds }, caller);
  }

  private async take(attempt: Attempt, current: MaintenanceSwitch): Promise<ClaimOutcome> {
    const { workerId, operations, seconds, claimMark: claimId, caller } = attempt;
    const datasets = current.on && !current.allow.workers.includes(workerId) ? current.allow.datasets : null;
    const lease = { workerId, token: newLeaseToken(), seconds, claimId, pausedMs: pausedSoFar(current) };
    const taken = await this.leases.claim({ operations, datasets }, lease, caller);
    if (taken === 'repeated') return (await this.tellAgain(claimId!, workerId)) ?? none('empty'); // another call of this claim was faster
    return taken ? this.handOut(taken, attempt) : none('empty');
  }

  /** A job that a pause forbids, or that nobody waits for any more, is given back, unless a repeat of the claim was told of it meanwhile. */
  private async handOut(job: JobView, { workerId, caller, signal }: Attempt): Promise<ClaimOutcome> {
    const refusal = refusalOf(await this.readSwitch(), { workerId, datasetName: job.datasetName });
    if (!refusal && !signal.aborted) {
      this.metrics.jobStarted(job.operation, waitedSeconds(job, job.lease!.claimedAt));
      return claimed(job);
    }
    const reason = refusal ? 'The switch was turned on while the job was being claimed.' : 'The client had gone.';
    const holds = { leaseToken: job.lease!.token, untold: true } as const;
    const left = await this.requeues.giveBack(job._id, { requeue: unclaimChange(reason, caller), holds }, caller);
    const told = left ? null : await this.leases.findClaimed(job.lease!.claimId ?? '');
    if (told?.lease?.token === job.lease!.token) return claimed(told);
    return refusal ? none('maintenance', refusal.detail) : none('empty');
  }
}

const claimed = (job: JobView): Claimed => ({ job, lease: job.lease! });
