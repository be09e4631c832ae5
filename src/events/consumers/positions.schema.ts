import { Schema } from 'mongoose';
import { schemaOptions } from '../../database/schema-options.js';

/** How far a consumer of events has come. */
export interface ConsumerPosition {
  /** Of the consumer; unique. */
  readonly name: string;
  /** It has handled every event of its topics up to this number; never falls. */
  readonly seq: number;
}

const schema = new Schema<ConsumerPosition>(
  { name: { type: String, required: true }, seq: { type: Number, required: true } },
  { ...schemaOptions, collection: 'eventConsumers' },
);

// The position of one consumer; one document per consumer.
schema.index({ name: 1 }, { name: 'name', unique: true });

export const positionModel = { name: 'ConsumerPosition', schema };
