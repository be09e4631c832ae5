import type { SchemaOptions } from 'mongoose';

/**
 * How every schema is made: unknown paths throw instead of vanishing, empty objects survive, and versions and times are our own.
 * @see MONGODB.md 7
 */
export const schemaOptions = {
  strict: 'throw',
  strictQuery: 'throw',
  minimize: false,
  versionKey: false,
  autoIndex: false,
  autoCreate: false,
  id: false,
  bufferCommands: false,
} as const satisfies SchemaOptions;

/** Who made a change. */
const actorPaths = { _id: false, id: String, name: String, role: String, address: String };

/** The paths that every aggregate has beside its own. */
export const versionedPaths = {
  version: { type: Number, required: true },
  outbox: [
    {
      _id: false,
      version: Number,
      at: Date,
      type: { type: String },
      from: String,
      to: String,
      changes: Object,
      actor: { ...actorPaths },
      reason: String,
      requestId: String,
      traceparent: String,
    },
  ],
} as const;

/** Finds documents with unrelayed changes, oldest first; used only by a query that sorts by the same key. Declared by every aggregate's schema. */
export const outboxIndex = [{ 'outbox.0.at': 1 }, { name: 'outbox', partialFilterExpression: { 'outbox.0': { $exists: true } } }] as const;
