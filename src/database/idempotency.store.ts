import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import type { IdempotencyKey, StoredAnswer } from '../common/http/idempotency.js';
import { insertionFilter, operand, serverTime } from './change.js';
import { idempotencyModel, type IdempotencyDocument } from './idempotency.schema.js';
import type { TransactionSession } from './transactions.js';

/** The answers of creating calls, by the caller's key. */
@Injectable()
export class IdempotencyStore {
  constructor(@InjectModel(idempotencyModel.name) private readonly model: Model<IdempotencyDocument>) {}

  /** The answer kept for a key, with the fingerprint of its body; null when there is none. */
  async find({ scope, key }: IdempotencyKey): Promise<(StoredAnswer & { fingerprint: string }) | null> {
    const found = await this.model.findOne({ scope, key }).lean();
    return (
      found && { fingerprint: found.fingerprint, status: found.status, body: JSON.parse(found.answer) as unknown, location: found.location }
    );
  }

  /** Keeps an answer, in the transaction that creates what it speaks of. A taken key is a duplicate key error (11000), which must leave the transaction. */
  async keep({ scope, key, fingerprint }: IdempotencyKey, answer: StoredAnswer, session: TransactionSession): Promise<void> {
    const id = randomUUID();
    const document = {
      _id: id,
      scope,
      key,
      fingerprint,
      status: answer.status,
      answer: JSON.stringify(answer.body),
      location: answer.location,
    };
    const fields = Object.fromEntries(Object.entries(document).map(([field, value]) => [field, operand(value)]));
    const pipeline = [{ $replaceWith: { ...fields, createdAt: serverTime.json } }];
    await this.model.collection.updateOne(insertionFilter(id) as never, pipeline, { upsert: true, session });
  }
}
