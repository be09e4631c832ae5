import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Backoff } from '../database/backoff.js';
import type { ChangeWaker } from '../database/change-waker.js';
import type { DatabaseStarter } from '../database/database-starter.js';
import { LeaseKeeper } from '../database/lease-keeper.js';
import type { LeaseDocument } from '../database/lease.schema.js';
import type { LeaseStore } from '../database/lease.store.js';
import { Bell } from './bell.js';

/** The rhythm of a task that one process at a time does, in milliseconds. */
export interface LeaderTiming {
  /** After this time without a sign of life another process takes over. */
  readonly leaseMs: number;
  /** How often a process that does not lead asks for the lease. */
  readonly standbyMs: number;
  /** How often the leader looks without having been woken. */
  readonly pollMs: number;
  /** Pause behind a round that did something, before the leader listens to being woken again. */
  readonly restMs: number;
}

/** What a round did: `more` may be left; `some`, and nothing is left; nothing was there (`idle`); or it was seen that another process leads (`lost`). */
export type RoundResult = 'more' | 'some' | 'idle' | 'lost';

/** One time of leading. */
export interface Term {
  readonly lease: LeaseDocument;
  /** True while no other process can lead and this one does not stop. Ask before every statement that needs it. */
  holds(): boolean;
  /** Notes a number in the lease, where a successor finds it. */
  note(seq: number): void;
  /** Aborts when the process stops. */
  readonly signal: AbortSignal;
}

/** What every such task is made with. */
export interface LeaderParts {
  readonly database: Pick<DatabaseStarter, 'ready'>;
  readonly leases: LeaseStore;
  readonly waker: Pick<ChangeWaker, 'subscribe'>;
  readonly timing: LeaderTiming;
}

/** A task for one process at a time. */
export interface LeaderDuty {
  /** Name of the lease. */
  readonly leaseName: string;
  /** For the log: what the leader does, such as `relaying changes`. */
  readonly doing: string;
  /** Collections whose changes wake the leader. */
  collections(): readonly string[];
  /**
   * Begins a term.
   * @returns one round of the work; called again and again, one round after the other; may throw, is then called again after a pause
   */
  begin(term: Term): () => Promise<RoundResult>;
}

const stopWithinMs = 2_500;

/**
 * Does work in one process at a time, of all that share the database.
 *
 * States: waiting for the database, standing by, leading, stopped. Standing by asks for the lease at intervals; getting it leads to leading, where
 * rounds follow each other, each at a wake by the change stream or after the poll's time. Leading ends, with the lease released, when the
 * lease is no longer ours or a round says so (both stand by again), and at shutdown. An error changes no state: the round is repeated with growing
 * pauses while the lease holds.
 */
export class LeaderTask {
  private readonly logger: Logger;
  private readonly stopping = new AbortController();
  private readonly bell = new Bell();
  private readonly keeper: LeaseKeeper;
  private running: Promise<void> = Promise.resolve();
  private leading = false;
  private failure: string | null = null;

  constructor(
    private readonly parts: LeaderParts,
    private readonly duty: LeaderDuty,
    log: string,
  ) {
    this.logger = new Logger(log);
    const durationMs = parts.timing.leaseMs;
    this.keeper = new LeaseKeeper(parts.leases, { name: duty.leaseName, holder: `${hostname()}:${process.pid}`, durationMs });
  }

  /** True while this process is the one that leads. */
  get leader(): boolean {
    return this.leading && this.keeper.held;
  }

  /** The message of the last failure; null after a round that went well. */
  get lastError(): string | null {
    return this.failure;
  }

  /** Begins, once the database is ready. */
  start(): void {
    this.running = this.run();
  }

  /** Lets the current round end, within a time, and releases the lease, so that another process starts at once. */
  async stop(): Promise<void> {
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
        await this.pause(this.parts.timing.standbyMs);
      } catch (error) {
        this.noteFailure(error as Error);
        await this.pause(backoff.next());
      }
    }
  }

  /** Resolves when the database is ready or this process stops; stays open when the database never will be. */
  private databaseReady(): Promise<void> {
    return new Promise((resolve) => {
      this.parts.database.ready.then(resolve, () => undefined); // who waits for the start of the service tells why
      this.stopping.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  private async standBy(): Promise<void> {
    const lease = await this.keeper.acquire();
    if (lease) await this.lead(lease);
  }

  private async lead(lease: LeaseDocument): Promise<void> {
    const { signal } = this.stopping;
    const holds = () => this.keeper.held && !signal.aborted;
    const round = this.duty.begin({ lease, holds, note: (seq) => this.keeper.note(seq), signal });
    const unsubscribe = this.parts.waker.subscribe(this.duty.collections(), () => this.bell.ring());
    this.leading = true;
    this.logger.log(this.duty.doing);
    try {
      await this.repeatUntilLost(round);
    } finally {
      this.leading = false;
      unsubscribe();
      await this.keeper.release();
    }
  }

  private async repeatUntilLost(round: () => Promise<RoundResult>): Promise<void> {
    const { signal } = this.stopping;
    const { restMs, pollMs } = this.parts.timing;
    const backoff = new Backoff(100, 5_000);
    while (this.keeper.held && !signal.aborted) {
      try {
        const result = await round();
        this.failure = null;
        backoff.reset();
        if (result === 'lost') break;
        if (result === 'more') continue;
        if (result === 'some') await this.pause(restMs);
        await this.bell.wait(pollMs, signal);
      } catch (error) {
        this.noteFailure(error as Error);
        await this.pause(backoff.next());
      }
    }
    if (!signal.aborted) this.logger.warn('another process leads, or this one did not answer in time; standing by');
  }

  private noteFailure(error: Error): void {
    if (this.failure === null && !this.stopping.signal.aborted) this.logger.warn(`interrupted, trying again: ${error.message}`);
    this.failure = error.message;
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}
