import { Schema, type Types } from 'mongoose';
import type { Versioned } from '../database/change.js';
import { outboxIndex, schemaOptions, versionedPaths } from '../database/schema-options.js';
import type { MaintenanceRecord } from './maintenance-lifecycle.js';

/** A record as it is stored. */
export interface MaintenanceDocument extends Versioned, MaintenanceRecord {
  readonly _id: Types.ObjectId;
}

const schema = new Schema<MaintenanceDocument>(
  {
    ...versionedPaths,
    number: { type: Number, required: true },
    on: { type: Boolean, required: true },
    reason: String,
    ticket: String,
    until: Date,
    autoResume: Boolean,
    allow: { _id: false, workers: [String], datasets: [String] },
    setBy: { _id: false, id: String, name: String, role: String, address: String },
    at: { type: Date, required: true },
    since: { type: Date, required: true },
    pausedMs: Number,
    quietAt: Date,
    overdueAt: Date,
  },
  { ...schemaOptions, collection: 'maintenance' },
);
// One record for each number: inserting number n + 1 is the conditional update of the switch. Serves the newest record and the history.
schema.index({ number: 1 }, { name: 'number', unique: true });
schema.index(...outboxIndex);

export const maintenanceModel = { name: 'Maintenance', schema };
