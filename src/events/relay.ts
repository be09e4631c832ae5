import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ChangeWaker } from '../database/change-waker.js';
import { DatabaseStarter } from '../database/database-starter.js';
import { LeaseStore } from '../database/lease.store.js';
import { EventLog } from './event-log.js';
import { EventsStore } from './events.store.js';
import { LeaderTask, type LeaderTiming, type RoundResult, type Term } from './leader-task.js';
import { OutboxMover } from './outbox-mover.js';
import { OutboxRegistry } from './outbox-registry.js';

export const RELAY_TIMING = Symbol('relay timing');
/** Several changes of one document are taken out of its outbox at once behind the pause of a round that moved something. */
export const relayTiming: LeaderTiming = { leaseMs: 10_000, standbyMs: 1_000, pollMs: 1_000, restMs: 300 };

/**
 * Moves every change from the outboxes to `events`, in one process at a time. Meeting another leader's number ends its time of leading.
 * @see MONGODB.md 2, "Relay"
 */
@Injectable()
export class Relay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly task: LeaderTask;

  constructor(
    @Inject(DatabaseStarter) database: Pick<DatabaseStarter, 'ready'>,
    private readonly registry: OutboxRegistry,
    private readonly mover: OutboxMover,
    private readonly events: EventsStore,
    leases: LeaseStore,
    waker: ChangeWaker,
    @Inject(RELAY_TIMING) timing: LeaderTiming,
  ) {
    const duty = {
      leaseName: 'relay',
      doing: 'relaying changes',
      collections: () => this.registry.sources.map((source) => source.model.collection.name),
      begin: (term: Term) => this.begin(term),
    };
    this.task = new LeaderTask({ database, leases, waker, timing }, duty, Relay.name);
  }

  /** True while this process is the one that relays. */
  get leader(): boolean {
    return this.task.leader;
  }

  /** The message of the last failure; null after a round that went well. */
  get lastError(): string | null {
    return this.task.lastError;
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  /** Lets the current statement end and releases the lease, so that another process starts at once. */
  beforeApplicationShutdown(): Promise<void> {
    return this.task.stop();
  }

  private begin(term: Term): () => Promise<RoundResult> {
    const log = new EventLog(this.events, term.lease.seq, () => term.holds());
    return async () => {
      const outcome = await this.mover.moveBatch(log);
      term.note(log.lastSeq);
      if (outcome.kind === 'lost') return 'lost';
      if (outcome.documents === 0) return 'idle';
      return outcome.more ? 'more' : 'some';
    };
  }
}
