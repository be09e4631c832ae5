import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Caller } from '../common/caller.js';
import { ChangeWaker } from '../database/change-waker.js';
import { DatabaseStarter } from '../database/database-starter.js';
import { CompatPolls } from './compat-polls.js';
import type { WorkerDrain, WorkerState } from './workers-lifecycle.js';
import { type StoredWorker, type WorkerSelf, WorkersStore } from './workers.store.js';

const noteEveryMs = 5_000;
const maxRemembered = 10_000;
/** A worker of an original API that asked within this time counts as being there. */
const pollIsRecentSeconds = 60;

interface Remembered {
  readonly notedAt: number;
  readonly self: string | null;
  readonly drain: WorkerDrain | null;
}

/**
 * Knows who works, for the feature that hands out work. A worker that was noted a moment ago is not noted again; what is remembered of it is dropped as soon as
 * anything about a worker changes, so that a drain binds at once.
 */
@Injectable()
export class WorkerRegistry implements OnApplicationBootstrap {
  private readonly remembered = new Map<string, Remembered>();

  constructor(
    private readonly store: WorkersStore,
    private readonly polls: CompatPolls,
    private readonly waker: ChangeWaker,
    private readonly database: DatabaseStarter,
  ) {}

  onApplicationBootstrap(): void {
    const forget = (): void => this.remembered.clear();
    this.database.ready.then(() => this.waker.subscribe([WorkerRegistry.collection], forget)).catch(() => undefined);
  }

  /** The collection whose changes may mean that a worker was drained. */
  static readonly collection = 'workers';

  /** Notes that a worker claims. @returns why it may be given nothing; null when it may */
  async noteClaim(self: WorkerSelf, caller: Caller): Promise<WorkerDrain | null> {
    const said = JSON.stringify([self.version, self.operations, self.leaseSeconds]);
    const known = this.recent(self.id);
    if (known?.self === said) return known.drain;
    return this.remember(await this.store.noteClaim(self, caller), said);
  }

  /** Notes that a worker beats. @returns why it should stop; null when it may go on */
  async noteBeat(workerId: string, caller: Caller): Promise<WorkerDrain | null> {
    const known = this.recent(workerId);
    if (known) return known.drain;
    const worker = await this.store.noteBeat(workerId, caller);
    return worker && this.remember(worker, null);
  }

  /** The drained ones among some workers, as stored. */
  async drainedAmong(workerIds: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(workerIds.length > 0 ? await this.store.listDrained(workerIds) : []);
  }

  /** How many workers in each state can run an operation, and whether a worker of an original API asks for it. */
  async ableToRun(operation: string): Promise<Record<WorkerState, number> & { readonly compat: boolean }> {
    const [counts, polled] = await Promise.all([this.store.countForOperation(operation), this.polls.operationsWithin(pollIsRecentSeconds)]);
    return { ...counts, compat: polled.includes(operation) };
  }

  /** The operations that some worker can run now, of the native protocol or of an original API. */
  async servedOperations(): Promise<ReadonlySet<string>> {
    const [served, polled] = await Promise.all([this.store.listServedOperations(), this.polls.operationsWithin(pollIsRecentSeconds)]);
    return new Set([...served, ...polled]);
  }

  private recent(workerId: string): Remembered | undefined {
    const known = this.remembered.get(workerId);
    return known && performance.now() - known.notedAt < noteEveryMs ? known : undefined;
  }

  private remember({ workerId, drain }: StoredWorker, self: string | null): WorkerDrain | null {
    if (this.remembered.size >= maxRemembered) this.remembered.clear();
    this.remembered.set(workerId, { notedAt: performance.now(), self, drain });
    return drain;
  }
}
