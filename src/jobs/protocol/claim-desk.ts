import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ChangeWaker } from '../../database/change-waker.js';
import { DatabaseStarter } from '../../database/database-starter.js';
import { MaintenanceGate, refusalOf } from '../../maintenance/index.js';
import { WorkerRegistry } from '../../workers/index.js';
import { ClaimWaiters, type WaitEnd } from './claim-waiters.js';
import { LeasesStore } from './leases.store.js';

/** Without any wake the desk looks again after this time, so that a job whose time comes, and a wake that got lost, are found. */
const pollMs = 2_000;
/** A claim that was released in vain looks again after this time. */
const vainMs = 100;
const mostReleased = 200;
const watched = ['inprogress', 'maintenance', WorkerRegistry.collection];

/** A claim that found nothing. */
export interface Waiting {
  readonly workerId: string;
  readonly operations: readonly string[];
  readonly ms: number;
  readonly signal: AbortSignal;
  /** True for a claim that was released already and found nothing again. */
  readonly again: boolean;
}

/**
 * Where claims of this process wait. A wake, from a change anywhere or from this process, makes the desk look once, however many wakes there are meanwhile: it
 * releases one claim for each job that could be taken, and those whose answer a pause or a drain has decided. Who is released looks for itself.
 * @see MONGODB.md 4
 */
@Injectable()
export class ClaimDesk implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Jobs');
  private readonly waiters = new ClaimWaiters();
  private looking = false;
  private lookAgain = false;
  private poll: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly leases: LeasesStore,
    private readonly gate: MaintenanceGate,
    private readonly workers: WorkerRegistry,
    private readonly waker: ChangeWaker,
    private readonly database: DatabaseStarter,
  ) {}

  /** True once the process stops: nothing is handed out any more. */
  get stopping(): boolean {
    return this.closed;
  }

  onApplicationBootstrap(): void {
    this.database.ready.then(() => this.waker.subscribe(watched, () => this.ring())).catch(() => undefined);
  }

  beforeApplicationShutdown(): void {
    this.closed = true;
    clearInterval(this.poll);
    this.waiters.endAll();
  }

  /** Says that something may have changed. Cheap, and does not throw. */
  ring(): void {
    if (this.waiters.size === 0 || this.closed) return;
    this.lookAgain = true;
    if (!this.looking) void this.look();
  }

  /** Waits until there may be a job, or the time is over. */
  async wait({ workerId, operations, ms, signal, again }: Waiting): Promise<WaitEnd> {
    if (this.closed) return 'ended';
    const ended = this.waiters.wait({ workerId, operations, ms, signal });
    this.poll ??= setInterval(() => this.ring(), pollMs);
    if (again) setTimeout(() => this.ring(), vainMs).unref();
    else this.ring(); // a job may have come since the claim looked
    const how = await ended;
    if (this.waiters.size === 0) this.stopPolling();
    return how;
  }

  private stopPolling(): void {
    clearInterval(this.poll);
    this.poll = undefined;
  }

  private async look(): Promise<void> {
    this.looking = true;
    try {
      while (this.lookAgain && this.waiters.size > 0) {
        this.lookAgain = false;
        await this.releaseWhoMayGoOn();
      }
    } catch (error) {
      this.logger.debug({ message: 'the desk of waiting claims could not look; it polls', error });
    } finally {
      this.looking = false;
    }
  }

  private async releaseWhoMayGoOn(): Promise<void> {
    const { operations, workerIds, size } = this.waiters;
    const [claimable, drained, current] = await Promise.all([
      this.leases.listClaimable(operations, Math.min(size, mostReleased)),
      this.workers.drainedAmong(workerIds),
      this.gate.current(),
    ]);
    const refused = (workerId: string): boolean => refusalOf(current, { workerId, datasetName: null }) !== null;
    this.waiters.wakeWorkers((workerId) => drained.has(workerId) || refused(workerId));
    for (const operation of claimable) this.waiters.wake(operation);
  }
}
