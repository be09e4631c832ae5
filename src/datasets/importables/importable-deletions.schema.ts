import { Schema } from 'mongoose';
import type { Actor } from '../../common/caller.js';
import type { Versioned } from '../../database/change.js';
import { outboxIndex, schemaOptions, versionedPaths } from '../../database/schema-options.js';

/** `requested` is written before the file is touched; `deleted` and `kept` say what became of it, and do not change. */
export const deletionStatuses = ['requested', 'deleted', 'kept'] as const;
export type DeletionStatus = (typeof deletionStatuses)[number];

/** The record of one deletion of an importable file. */
export interface ImportableDeletionDocument extends Versioned {
  readonly _id: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** Which version of the file was to go. */
  readonly fileVersion: string;
  readonly status: DeletionStatus;
  readonly requestedBy: Actor;
  /** What the caller gave as reason. */
  readonly reason: string | null;
  /** Why the file is still there, or gone by other hands; null unless kept. */
  readonly keptBecause: string | null;
  readonly requestedAt: Date;
  readonly endedAt: Date | null;
}

const schema = new Schema<ImportableDeletionDocument>(
  {
    ...versionedPaths,
    _id: { type: String, required: true },
    name: { type: String, required: true },
    sizeBytes: { type: Number, required: true },
    fileVersion: { type: String, required: true },
    status: { type: String, enum: deletionStatuses, required: true },
    requestedBy: { _id: false, id: String, name: String, role: String, address: String },
    reason: String,
    keptBecause: String,
    requestedAt: { type: Date, required: true },
    endedAt: Date,
  },
  { ...schemaOptions, collection: 'importableDeletions' },
);
// Requests whose end was never recorded, oldest first.
schema.index({ status: 1, requestedAt: 1, _id: 1 }, { name: 'status_requested' });
schema.index(...outboxIndex);

export const importableDeletionModel = { name: 'ImportableDeletion', schema };
