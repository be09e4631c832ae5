import { Injectable } from '@nestjs/common';
import type { ChangeEntry, Versioned } from '../database/change.js';
import type { EventData } from './events.schema.js';
import type { Outbox } from './outbox.store.js';

/** One collection whose documents have an outbox, and how their entries become events. */
export interface OutboxSource<T extends Versioned = Versioned> extends Outbox {
  /** First part of the event types, and what `topic=` of the live stream selects, such as `job`. */
  readonly topic: string;
  /** Fields that the functions below read, beside `_id` and `version`; nothing else of a document is fetched. */
  readonly fields: readonly (keyof T & string)[];
  /** Identity of the document in event ids; default: `_id` as text. A document that moves to another collection keeps it. */
  documentIdOf?(document: T): string;
  /** Path of the object below `/api/v1`, such as `jobs/7b0c`. */
  subjectOf(document: T): string;
  /** The dataset that the document concerns; null where it concerns none. */
  datasetOf(document: T): string | null;
  /** What readers need beside the change. The document may have moved on since: what must be true of the change comes from `entry`. */
  dataOf(document: T, entry: ChangeEntry): EventData;
}

/** The collections that the relay reads. Features register theirs in `onModuleInit`, before the relay starts. */
@Injectable()
export class OutboxRegistry {
  private readonly registered = new Map<string, OutboxSource>();

  /**
   * Announces a collection to the relay.
   * @throws Error when the collection is registered already
   */
  register<T extends Versioned>(source: OutboxSource<T>): void {
    const { name } = source.model.collection;
    if (this.registered.has(name)) throw new Error(`the outbox of ${name} is registered twice`);
    this.registered.set(name, source as unknown as OutboxSource);
  }

  /** All registered collections, in the order of registration. */
  get sources(): readonly OutboxSource[] {
    return [...this.registered.values()];
  }

  /** All registered topics, in alphabetical order. */
  get topics(): readonly string[] {
    return [...new Set(this.sources.map(({ topic }) => topic))].sort();
  }
}
