import { Schema } from 'mongoose';
import { schemaOptions } from './schema-options.js';

/** The answer of a creating call, kept for a day under the caller's key. */
export interface IdempotencyDocument {
  readonly _id: string;
  /** Actor id, method and path. */
  readonly scope: string;
  readonly key: string;
  /** SHA-256 of the body. */
  readonly fingerprint: string;
  readonly status: number;
  /** JSON text. */
  readonly answer: string;
  readonly location: string | null;
  readonly createdAt: Date;
}

const daySeconds = 86_400;

const schema = new Schema<IdempotencyDocument>(
  {
    _id: String,
    scope: { type: String, required: true },
    key: { type: String, required: true },
    fingerprint: { type: String, required: true },
    status: { type: Number, required: true },
    answer: { type: String, required: true },
    location: String,
    createdAt: { type: Date, required: true },
  },
  { ...schemaOptions, collection: 'idempotency' },
);
// One answer for a key of a caller on a route.
schema.index({ scope: 1, key: 1 }, { name: 'scope_key', unique: true });
// Forgets answers after a day.
schema.index({ createdAt: 1 }, { name: 'expiry', expireAfterSeconds: daySeconds });

export const idempotencyModel = { name: 'Idempotency', schema };
