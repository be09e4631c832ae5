import type { EventFilter } from '../event-filter.js';
import type { StoredEvent } from '../events.schema.js';

/** What a consumer may do while it handles a batch. */
export interface BatchContext {
  /** Aborts when this process stops. */
  readonly signal: AbortSignal;
  /** False once another process may be handling these events too. To be asked before an effect outside the database. */
  holds(): boolean;
  /** Everything up to and with this event is handled: if the rest fails, only the rest comes again. */
  done(event: Pick<StoredEvent, 'seq'>): void;
}

/** Somebody who must get every event of some topics, but for those of types that it skips, in the order of numbers, whatever dies. */
export interface EventConsumer {
  /** Names its position and its lease; never changed, since a new name begins anew. */
  readonly name: string;
  readonly topics: readonly string[];
  /** Types, without `.v1`, that tell it nothing: they are not even fetched. */
  readonly skippedTypes?: readonly string[];
  /** Where it begins the very first time: with the oldest event that is kept (default), or behind the newest. */
  readonly beginsAt?: 'oldest' | 'newest';
  /** The most events of one batch; default 200. */
  readonly batchSize?: number;
  /** Pause behind a batch that was not full, in milliseconds: for a consumer that need not be quick, so that under load one read brings many. Default 200. */
  readonly restMs?: number;
  /**
   * Handles events in their order. Each comes at least once: again after a failure, a crash or a change of leader, so handling must be safe to repeat.
   * One that throws gets the same events again, with growing pauses, for ever: what can never succeed it must pass over itself.
   */
  handle(events: readonly StoredEvent[], context: BatchContext): Promise<void>;
}

/** Which events a consumer gets. */
export const eventsOf = ({ topics, skippedTypes = [] }: EventConsumer): EventFilter => ({
  topic: { wanted: topics, refused: [] },
  ...(skippedTypes.length > 0 && { type: { wanted: [], refused: skippedTypes } }),
});
