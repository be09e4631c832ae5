import { Schema } from 'mongoose';
import { schemaOptions } from '../database/schema-options.js';

/** What an import wrote, so that the next one can tell what has been changed here since from what has been changed in the source. */
export interface TakeoverDocument {
  /** The job's id. */
  readonly _id: string;
  /** The job's version as the import left it. */
  readonly version: number;
  /** SHA-256 of the job as it was read from the source. */
  readonly digest: string;
}

const schema = new Schema<TakeoverDocument>(
  { _id: { type: String, required: true }, version: { type: Number, required: true }, digest: { type: String, required: true } },
  { ...schemaOptions, collection: 'takeovers' },
);

export const takeoverModel = { name: 'Takeover', schema };
