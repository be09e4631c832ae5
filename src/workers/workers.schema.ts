import { Schema } from 'mongoose';
import type { Versioned } from '../database/change.js';
import { outboxIndex, schemaOptions, versionedPaths } from '../database/schema-options.js';
import type { StoredWorkerState, WorkerDrain } from './workers-lifecycle.js';

/** A worker as it is stored. */
export interface WorkerDocument extends Versioned {
  readonly _id: string;
  /** The name that it gives itself; unique. */
  readonly workerId: string;
  /** The version that it says it has; null when it says none. */
  readonly workerVersion: string | null;
  readonly operations: readonly string[];
  /** The lease that it asked for last. */
  readonly leaseSeconds: number;
  readonly status: StoredWorkerState;
  readonly drain: WorkerDrain | null;
  readonly firstSeenAt: Date;
  /** At most some seconds behind the truth: not every call is noted. */
  readonly lastSeenAt: Date;
}

const drainPaths = { at: Date, by: String, reason: String };

const workerSchema = new Schema<WorkerDocument>(
  {
    _id: { type: String, required: true },
    ...versionedPaths,
    workerId: { type: String, required: true },
    workerVersion: String,
    operations: [String],
    leaseSeconds: Number,
    status: { type: String, required: true },
    drain: { type: new Schema(drainPaths, { ...schemaOptions, _id: false }) },
    firstSeenAt: { type: Date, required: true },
    lastSeenAt: { type: Date, required: true },
  },
  { ...schemaOptions, collection: 'workers' },
);
// One document a name; lists, in the order of names.
workerSchema.index({ workerId: 1 }, { name: 'worker', unique: true });
// Workers that fell silent; how many there are in each state; who can run an operation.
workerSchema.index({ status: 1, lastSeenAt: 1 }, { name: 'status_seen' });
// The relay.
workerSchema.index(...outboxIndex);

export const workerModel = { name: 'Worker', schema: workerSchema };

/** When a worker of an original API last asked for jobs of an operation. */
export interface CompatPollDocument {
  /** The operation. */
  readonly _id: string;
  readonly at: Date;
}

const compatPollSchema = new Schema<CompatPollDocument>(
  { _id: { type: String, required: true }, at: { type: Date, required: true } },
  { ...schemaOptions, collection: 'compatPolls' },
);

export const compatPollModel = { name: 'CompatPoll', schema: compatPollSchema };
