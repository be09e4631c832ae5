import { Schema } from 'mongoose';
import { schemaOptions } from '../database/schema-options.js';

/** Who asked for the job behind a row. */
export interface TargetActor {
  readonly id: string;
  readonly firstName: string;
  readonly lastName: string;
}

/** How the last job that concerned a target ended. */
export interface TargetOutcome {
  readonly status: string;
  /** Operation and its arguments, such as `['RELEASED', '2.1.0']`. */
  readonly action: readonly string[];
  readonly by: TargetActor;
  readonly jobId: string;
  readonly at: Date;
}

/** A name that a job has had; its row is derived. */
export interface TargetDocument {
  readonly name: string;
  readonly firstSeenAt: Date;
  /** Null until a job that concerned it has ended. */
  readonly outcome: TargetOutcome | null;
}

const schema = new Schema<TargetDocument>(
  {
    name: { type: String, required: true },
    firstSeenAt: { type: Date, required: true },
    outcome: {
      type: new Schema(
        { status: String, action: [String], by: { id: String, firstName: String, lastName: String }, jobId: String, at: Date },
        { ...schemaOptions, _id: false },
      ),
    },
  },
  { ...schemaOptions, collection: 'targets' },
);
// One document for a name; look-up of a row; pages by name.
schema.index({ name: 1 }, { name: 'name', unique: true });
// Rows in the order in which their targets first appeared.
schema.index({ firstSeenAt: 1, _id: 1 }, { name: 'first_seen' });

export const targetModel = { name: 'Target', schema };
