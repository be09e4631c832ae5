import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ChangeWaker } from '../../database/change-waker.js';
import { DatabaseStarter } from '../../database/database-starter.js';
import { LeaseStore } from '../../database/lease.store.js';
import { EventsStore } from '../events.store.js';
import type { LeaderParts, LeaderTiming } from '../leader-task.js';
import { ConsumerRun } from './consumer-run.js';
import { type EventConsumer, eventsOf } from './event-consumer.js';
import { PositionsStore } from './positions.store.js';

export const CONSUMER_TIMING = Symbol('consumer timing');
/** Under load events gather in the rest, so that one batch brings many. */
export const consumerTiming: LeaderTiming = { leaseMs: 10_000, standbyMs: 2_000, pollMs: 5_000, restMs: 200 };

/** How far a consumer is behind. */
export interface ConsumerStatus {
  /** True in the one process that consumes. */
  readonly leader: boolean;
  /** Number up to which everything is handled; null before the first beginning. */
  readonly position: number | null;
  /** Events that it has not handled, counted up to 10,000. */
  readonly pending: number;
  /** Age of the oldest of them; 0 when there is none. */
  readonly lagSeconds: number;
  /** Why handling last failed in this process; null after a batch that went well. */
  readonly lastError: string | null;
}

const maxCounted = 10_000;

/**
 * The durable consumers of events: each gets every event of its topics at least once, in the order of numbers, in one process at a time. Features register theirs in
 * `onModuleInit`.
 */
@Injectable()
export class EventConsumers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly parts: LeaderParts;
  private readonly registered = new Map<string, { readonly consumer: EventConsumer; readonly run: ConsumerRun }>();

  constructor(
    @Inject(DatabaseStarter) database: Pick<DatabaseStarter, 'ready'>,
    private readonly events: EventsStore,
    private readonly positions: PositionsStore,
    leases: LeaseStore,
    waker: ChangeWaker,
    @Inject(CONSUMER_TIMING) timing: LeaderTiming,
  ) {
    this.parts = { database, leases, waker, timing };
  }

  /**
   * Announces a consumer; it begins once the service has started.
   * @throws Error when the name is taken
   */
  register(consumer: EventConsumer): void {
    if (this.registered.has(consumer.name)) throw new Error(`the consumer ${consumer.name} is registered twice`);
    const run = new ConsumerRun(consumer, { events: this.events, positions: this.positions }, this.parts);
    this.registered.set(consumer.name, { consumer, run });
  }

  onApplicationBootstrap(): void {
    for (const { run } of this.registered.values()) run.start();
  }

  /** Lets the current batches end, within a time, and leaves the rest to another process. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([...this.registered.values()].map(({ run }) => run.stop()));
  }

  /** How the consumers stand, by name; asks the database. */
  async status(): Promise<ReadonlyMap<string, ConsumerStatus>> {
    const entries = [...this.registered.values()].map(async ({ consumer, run }): Promise<[string, ConsumerStatus]> => {
      const position = await this.positions.find(consumer.name);
      const notBegun = position === null && consumer.beginsAt === 'newest';
      const backlog = notBegun ? { pending: 0, lagSeconds: 0 } : await this.events.backlog(eventsOf(consumer), position ?? 0, maxCounted);
      return [consumer.name, { leader: run.leader, position, ...backlog, lastError: run.lastError }];
    });
    return new Map(await Promise.all(entries));
  }
}
