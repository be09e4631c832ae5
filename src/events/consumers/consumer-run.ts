import type { StoredEvent } from '../events.schema.js';
import type { EventsStore } from '../events.store.js';
import { LeaderTask, type LeaderParts, type RoundResult, type Term } from '../leader-task.js';
import { type EventConsumer, eventsOf } from './event-consumer.js';
import type { PositionsStore } from './positions.store.js';

const defaultBatchSize = 200;

/** What consumers read and where their positions are kept. */
export interface ConsumerStores {
  readonly events: EventsStore;
  readonly positions: PositionsStore;
}

/**
 * Runs one consumer, in one process at a time: reads the events of its topics behind its position, gives them to it in batches, and moves the position only
 * when it has handled them. Whoever leads next begins at the stored position, so that what was handled but not noted comes again.
 */
export class ConsumerRun {
  private readonly task: LeaderTask;

  constructor(
    private readonly consumer: EventConsumer,
    private readonly stores: ConsumerStores,
    parts: LeaderParts,
  ) {
    const duty = {
      leaseName: `consumer:${consumer.name}`,
      doing: `consuming ${consumer.topics.join(', ')} events`,
      collections: () => [stores.events.collection],
      begin: (term: Term) => this.begin(term),
    };
    const timing = { ...parts.timing, restMs: consumer.restMs ?? parts.timing.restMs };
    this.task = new LeaderTask({ ...parts, timing }, duty, `Consumer ${consumer.name}`);
  }

  /** True while this process is the one that consumes. */
  get leader(): boolean {
    return this.task.leader;
  }

  /** The message of the last failure; null after a batch that went well. */
  get lastError(): string | null {
    return this.task.lastError;
  }

  start(): void {
    this.task.start();
  }

  stop(): Promise<void> {
    return this.task.stop();
  }

  private begin(term: Term): () => Promise<RoundResult> {
    let position: Position | undefined;
    return async () => {
      position ??= await this.readPosition();
      await this.save(position); // what a failure of the database left unsaved
      return this.round(term, position);
    };
  }

  private async readPosition(): Promise<Position> {
    const { name, beginsAt = 'oldest' } = this.consumer;
    const known = await this.stores.positions.find(name);
    const seq = known ?? (await this.stores.positions.begin(name, beginsAt === 'oldest' ? 0 : await this.stores.events.lastSeq()));
    return { handled: seq, saved: seq };
  }

  private async round(term: Term, position: Position): Promise<RoundResult> {
    const { batchSize = defaultBatchSize } = this.consumer;
    const events = await this.stores.events.find(eventsOf(this.consumer), { above: position.handled, ascending: true, limit: batchSize });
    if (events.length === 0) return 'idle';
    if (!term.holds()) return 'lost';
    try {
      await this.handle(events, term, position);
    } finally {
      await this.save(position);
    }
    return events.length === batchSize ? 'more' : 'some';
  }

  private async handle(events: readonly StoredEvent[], term: Term, position: Position): Promise<void> {
    const done = ({ seq }: Pick<StoredEvent, 'seq'>) => void (position.handled = Math.max(position.handled, seq));
    await this.consumer.handle(events, { signal: term.signal, holds: () => term.holds(), done });
    done(events.at(-1)!);
  }

  private async save(position: Position): Promise<void> {
    const { handled, saved } = position;
    if (handled === saved) return;
    await this.stores.positions.advance(this.consumer.name, handled);
    position.saved = handled;
  }
}

interface Position {
  handled: number;
  saved: number;
}
