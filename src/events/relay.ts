import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Backoff } from '../database/backoff.js';
import { ChangeWaker } from '../database/change-waker.js';
import { DatabaseStarter } from '../database/database-starter.js';
import { LeaseKeeper } from '../database/lease-keeper.js';
import type { LeaseDocument } from '../database/lease.schema.js';
import { LeaseStore } from '../database/lease.store.js';
import { Bell } from './bell.js';
import { EventLog } from './event-log.js';
import { EventsStore } from './events.store.js';
import { OutboxMover } from './outbox-mover.js';
import { OutboxRegistry } from './outbox-registry.js';

/** The rhythm of a relay, in milliseconds. */
export interface RelayTiming {
  /** After this time without a sign of life another process takes over. */
  readonly leaseMs: number;
  /** How often a process that does not lead asks for the lease. */
  readonly standbyMs: number;
  /** How often the leader looks without having been woken. */
  readonly pollMs: number;
  /** Pause behind a round that moved something: several changes of one document are then taken out of its outbox at once. */
  readonly restMs: number;
}

export const RELAY_TIMING = Symbol('relay timing');
export const relayTiming: RelayTiming = { leaseMs: 10_000, standbyMs: 1_000, pollMs: 1_000, restMs: 300 };

const leaseName = 'relay';
const stopWithinMs = 2_500;

/**
 * Moves every change from the outboxes to `events`, in one process at a time.
 *
 * States: waiting for the database, standing by, leading, stopped. Standing by asks for the lease once a second; getting it leads to leading, where
 * rounds of moving follow each other, each at a wake by the change stream or after the poll's time. Leading ends, with the lease released, when the
 * lease is no longer ours or when another leader's number is met (both stand by again), and at shutdown. An error of the database changes no
 * state: the round is repeated with growing pauses while the lease holds.
 * @see MONGODB.md 2, "Relay"
 */
@Injectable()
export class Relay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Relay.name);
  private readonly stopping = new AbortController();
  private readonly bell = new Bell();
  private readonly keeper: LeaseKeeper;
  private running: Promise<void> = Promise.resolve();
  private leading = false;
  private failure: string | null = null;

  constructor(
    @Inject(DatabaseStarter) private readonly database: Pick<DatabaseStarter, 'ready'>,
    private readonly registry: OutboxRegistry,
    private readonly mover: OutboxMover,
    private readonly events: EventsStore,
    leases: LeaseStore,
    private readonly waker: ChangeWaker,
    @Inject(RELAY_TIMING) private readonly timing: RelayTiming,
  ) {
    this.keeper = new LeaseKeeper(leases, { name: leaseName, holder: `${hostname()}:${process.pid}`, durationMs: timing.leaseMs });
  }

  /** True while this process is the one that relays. */
  get leader(): boolean {
    return this.leading && this.keeper.held;
  }

  /** The message of the last failure; null after a round that went well. */
  get lastError(): string | null {
    return this.failure;
  }

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  /** Lets the current statement end and releases the lease, so that another process starts at once. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.race([this.running, sleep(stopWithinMs, undefined, { ref: false })]);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    await this.databaseReady();
    const backoff = new Backoff(100, 5_000);
    while (!signal.aborted) {
      try {
        await this.standBy();
        this.failure = null;
        backoff.reset();
        await this.pause(this.timing.standbyMs);
      } catch (error) {
        this.noteFailure(error as Error);
        await this.pause(backoff.next());
      }
    }
  }

  /** Resolves when the database is ready or this process stops; stays open when the database never will be. */
  private databaseReady(): Promise<void> {
    return new Promise((resolve) => {
      this.database.ready.then(resolve, () => undefined); // who waits for the start of the service tells why
      this.stopping.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  private async standBy(): Promise<void> {
    const lease = await this.keeper.acquire();
    if (lease) await this.lead(lease);
  }

  private async lead(lease: LeaseDocument): Promise<void> {
    const log = new EventLog(this.events, lease.seq, () => this.keeper.held && !this.stopping.signal.aborted);
    const collections = this.registry.sources.map((source) => source.model.collection.name);
    const unsubscribe = this.waker.subscribe(collections, () => this.bell.ring());
    this.leading = true;
    this.logger.log('relaying changes');
    try {
      await this.moveUntilLost(log);
    } finally {
      this.leading = false;
      unsubscribe();
      await this.keeper.release();
    }
  }

  private async moveUntilLost(log: EventLog): Promise<void> {
    const { signal } = this.stopping;
    const backoff = new Backoff(100, 5_000);
    while (this.keeper.held && !signal.aborted) {
      try {
        const outcome = await this.mover.moveBatch(log);
        this.keeper.note(log.lastSeq);
        this.failure = null;
        backoff.reset();
        if (outcome.kind === 'lost') break;
        if (outcome.more && outcome.documents > 0) continue;
        if (outcome.documents > 0) await this.pause(this.timing.restMs);
        await this.bell.wait(this.timing.pollMs, signal);
      } catch (error) {
        this.noteFailure(error as Error);
        await this.pause(backoff.next());
      }
    }
    if (!signal.aborted) this.logger.warn('another process relays, or this one did not answer in time; standing by');
  }

  private noteFailure(error: Error): void {
    if (this.failure === null && !this.stopping.signal.aborted) this.logger.warn(`relaying is interrupted: ${error.message}`);
    this.failure = error.message;
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}
