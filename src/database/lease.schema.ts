import { Schema } from 'mongoose';
import { schemaOptions } from './schema-options.js';

/** A right that one process at a time has, such as leading the relay. */
export interface LeaseDocument {
  /** What the lease is for. As the id it needs no index of its own: the lease on the schema is taken before there are any. */
  readonly _id: string;
  /** The process that has or last had it, for people; null before the first. */
  readonly holder: string | null;
  /** Random per acquisition; null when released. Every later statement of the holder is conditional on it. */
  readonly token: string | null;
  /** Database clock; null when released. */
  readonly expiresAt: Date | null;
  /** The last number that a holder noted; 0 at first, never falls. */
  readonly seq: number;
}

const schema = new Schema<LeaseDocument>(
  {
    _id: { type: String, required: true },
    holder: { type: String, default: null },
    token: { type: String, default: null },
    expiresAt: { type: Date, default: null },
    seq: { type: Number, required: true, default: 0 },
  },
  { ...schemaOptions, collection: 'leases' },
);

export const leaseModel = { name: 'Lease', schema };
