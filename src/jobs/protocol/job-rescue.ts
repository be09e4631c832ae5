import { Inject, Injectable, Logger } from '@nestjs/common';
import { systemCaller } from '../../common/caller.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { databaseAway } from '../../database/mongo-errors.js';
import { Metrics } from '../../observability/index.js';
import type { JobEnd } from '../job-changes.js';
import { JobClock } from '../job-clock.js';
import type { JobDocument } from '../jobs.schema.js';
import { JobsStore } from '../jobs.store.js';
import { JobRequeues } from './job-requeues.js';
import { excuseChange, lossChange, retryChange } from './lease-changes.js';
import { budgetExceeded, failedEnd, lostTooOften } from './lease-ends.js';
import { type LeasedJob, LeasesStore } from './leases.store.js';

/** Leases that are looked at in one sweep; the rest has its turn in the next. */
const atOnce = 500;
/** With fewer leases than this, many ends at a time mean nothing. */
const leastForBrake = 10;

/**
 * Takes jobs back whose lease has ended, or whose run budget is spent, in every replica, without a leader: each by one conditional update or by the transaction
 * that ends it, so that two replicas that find the same job do it once.
 *
 * There is no rescue for a grace time after the start, and after every outage of the database, since workers could not beat meanwhile. When of ten or more
 * leases more than half have ended at one sweep, the fault is probably ours: they get one lease period more, and those that end again are not counted as losses.
 * @see API.md 3
 */
@Injectable()
export class JobRescue {
  private readonly logger = new Logger('Jobs');
  private graceEndsAt = -Infinity;
  private databaseWasAway = true;

  constructor(
    private readonly leases: LeasesStore,
    private readonly store: JobsStore,
    private readonly requeues: JobRequeues,
    private readonly metrics: Metrics,
    private readonly clock: JobClock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** One sweep over all leases. @throws whatever the database throws; the next sweep that goes well begins the grace time anew */
  async sweep(): Promise<void> {
    try {
      await this.sweepOnce();
    } catch (error) {
      if (databaseAway(error)) this.databaseWasAway = true;
      throw error;
    }
  }

  /** Does something to each job; one that cannot be changed does not keep the others from their turn. */
  private async forEach(jobs: readonly LeasedJob[], act: (job: LeasedJob) => Promise<void>): Promise<void> {
    for (const job of jobs) {
      await act(job).catch((error: unknown) => {
        if (databaseAway(error)) throw error;
        this.logger.error({ message: 'a job could not be rescued', jobId: job._id, error });
      });
    }
  }

  private async sweepOnce(): Promise<void> {
    const ended = await this.leases.listEnded(atOnce);
    if (this.databaseWasAway) this.graceEndsAt = performance.now() + this.settings.jobsRescueGraceSeconds * 1_000;
    this.databaseWasAway = false;
    if (performance.now() < this.graceEndsAt) return;
    await this.failOverBudget();
    if (ended.length === 0) return;
    const braking = ended.length > leastForBrake / 2 && (await this.tooMany(ended.length));
    if (braking) this.logger.warn(`${ended.length} leases ended at one time; rescue waits one lease period more`);
    await this.forEach(ended, (job) => (braking && !job.lease.excused ? this.excuse(job) : this.rescue(job)));
  }

  private async tooMany(ended: number): Promise<boolean> {
    const all = await this.leases.countLeases();
    return all >= leastForBrake && ended > all / 2;
  }

  private async excuse({ _id, lease }: LeasedJob): Promise<void> {
    await this.store.apply(_id, excuseChange(systemCaller('rescue')), { leaseToken: lease.token, leaseEnded: true, excused: false });
  }

  private async rescue({ _id, operation, lease }: LeasedJob): Promise<void> {
    const caller = systemCaller('rescue');
    const holds = { leaseToken: lease.token, leaseEnded: true } as const;
    const leaving = { requeue: lossChange(caller), holds, unlessDone: { lossesLeft: true }, end: lostTooOften } as const;
    const job = await this.requeues.leave(_id, leaving, caller);
    if (job) this.metrics.leaseExpired(operation);
  }

  private async failOverBudget(): Promise<void> {
    await this.forEach(await this.leases.listOverBudget(await this.clock.read(), atOnce), async (job) => {
      const caller = systemCaller('run-budget');
      const error = budgetExceeded(job);
      const jitter = 0.5 + Math.random();
      const retry = { error, afterSeconds: null, backoffSeconds: this.settings.jobsBackoffSeconds, jitter, closingCall: null };
      const holds = { leaseToken: job.lease.token }; // a budget that is spent stays spent
      const end = (found: JobDocument): JobEnd => failedEnd(found, error, null);
      const leaving = { requeue: retryChange(retry, caller), holds, unlessDone: { failuresLeft: true }, end } as const;
      await this.requeues.leave(job._id, leaving, caller);
    });
  }
}
