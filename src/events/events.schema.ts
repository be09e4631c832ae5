import { Schema } from 'mongoose';
import type { ChangeEntry } from '../database/change.js';
import { schemaOptions } from '../database/schema-options.js';

/** What an event tells beside the change: the state of the object in the terms of its feature, as the live stream sends it. */
export type EventData = Readonly<Record<string, unknown>>;

/** An event that has no number yet: one outbox entry and what it is about. */
export interface EventDraft extends ChangeEntry {
  /** With `version` the identity of the event. */
  readonly documentId: string;
  /** Path of the object below `/api/v1`, such as `jobs/7b0c`. */
  readonly subject: string;
  /** What `topic=` of the live stream selects, such as `job`. */
  readonly topic: string;
  /** The dataset that it concerns; null where it concerns none. */
  readonly dataset: string | null;
  readonly data: EventData;
}

/** One event, as it stands in `events` for ever: never changed after its insert. */
export interface StoredEvent extends EventDraft {
  /** Grows in the order of relaying: nothing new appears below a number that was seen. Numbers may be left out. */
  readonly seq: number;
}

const actor = { id: String, name: String, role: String, address: String };

const schema = new Schema<StoredEvent>(
  {
    seq: { type: Number, required: true },
    documentId: { type: String, required: true },
    version: { type: Number, required: true },
    subject: { type: String, required: true },
    topic: { type: String, required: true },
    type: { type: String, required: true },
    dataset: String,
    at: { type: Date, required: true },
    from: String,
    to: String,
    changes: Object,
    actor,
    reason: String,
    requestId: String,
    traceparent: String,
    data: Object,
  },
  { ...schemaOptions, collection: 'events' },
);
// Everything above a number (live stream, consumers); the last number; two leaders collide on it.
schema.index({ seq: 1 }, { name: 'seq', unique: true });
// History of one object, newest first or behind a version; which entries have been relayed; one event per change.
schema.index({ documentId: 1, version: 1 }, { name: 'documentId_version', unique: true });
// GET events and replays of the live stream, by each of their filters, in the order of numbers.
schema.index({ topic: 1, seq: 1 }, { name: 'topic_seq' });
schema.index({ type: 1, seq: 1 }, { name: 'type_seq' });
schema.index({ subject: 1, seq: 1 }, { name: 'subject_seq' });
schema.index({ dataset: 1, seq: 1 }, { name: 'dataset_seq' });
schema.index({ 'actor.id': 1, seq: 1 }, { name: 'actor_seq' });
// GET events of a time range. Time and number grow together only roughly, so that neither stands for the other.
schema.index({ at: 1, seq: 1 }, { name: 'at_seq' });

export const eventModel = { name: 'Event', schema };
