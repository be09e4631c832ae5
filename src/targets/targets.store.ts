import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, Types } from 'mongoose';
import { statementLimits } from '../database/connection-options.js';
import { operand } from '../database/change.js';
import { batchSize, inBatches } from '../database/cursor-batches.js';
import type { TransactionSession } from '../database/transactions.js';
import { type TargetDocument, targetModel, type TargetOutcome } from './targets.schema.js';

/** A stored target with its id. */
export type StoredTarget = TargetDocument & { readonly _id: Types.ObjectId };

/** An outcome and whose it is. */
export type NewOutcome = TargetOutcome & { readonly name: string };

const ensured = (name: string) => ({ name: operand(name), firstSeenAt: { $ifNull: ['$firstSeenAt', '$$NOW'] } });

/** The `targets` collection. */
@Injectable()
export class TargetsStore {
  constructor(@InjectModel(targetModel.name) private readonly model: Model<TargetDocument>) {}

  private get collection() {
    return this.model.collection;
  }

  /** Makes sure that a name is known. Safe to repeat and to race. */
  async ensure(name: string, session?: TransactionSession): Promise<void> {
    const outcome = { $ifNull: ['$outcome', operand(null)] };
    await this.collection.updateOne({ name }, [{ $set: { ...ensured(name), outcome } }], { upsert: true, ...(session && { session }) });
  }

  /** Writes outcomes, in the transaction that ends the job. */
  async recordOutcomes(outcomes: readonly NewOutcome[], session: TransactionSession): Promise<void> {
    const updates = outcomes.map(({ name, ...outcome }) => ({
      filter: { name },
      update: [{ $set: { ...ensured(name), outcome: operand(outcome) } }],
    }));
    const [only] = updates;
    if (updates.length === 1 && only) await this.collection.updateOne(only.filter, only.update, { upsert: true, session });
    else
      await this.collection.bulkWrite(
        updates.map((update) => ({ updateOne: { ...update, upsert: true } })),
        { session },
      );
  }

  /** One target by name; null when no job ever had it. */
  async findByName(name: string): Promise<StoredTarget | null> {
    return this.model.findOne({ name }).maxTimeMS(statementLimits.oneDocumentMs).lean<StoredTarget>();
  }

  /** Those of the names that are known, in any order. */
  async findByNames(names: readonly string[]): Promise<StoredTarget[]> {
    if (names.length === 0) return [];
    return this.collection
      .find<StoredTarget>({ name: { $in: [...names] } })
      .maxTimeMS(statementLimits.listMs)
      .toArray();
  }

  /** How many targets there are, from the collection's own count. */
  async estimateAll(): Promise<number> {
    return this.collection.estimatedDocumentCount({ maxTimeMS: statementLimits.oneDocumentMs });
  }

  /** All targets in the order of first appearance, without a time limit. */
  streamAll(): AsyncIterable<StoredTarget[]> {
    return inBatches(this.collection.find<StoredTarget>({}).sort({ firstSeenAt: 1, _id: 1 }).batchSize(batchSize));
  }

  /** Up to `limit` targets behind (or before, then backwards) a name, by name. */
  async pageByName(place: { direction: 'after' | 'before'; name: string } | undefined, limit: number): Promise<StoredTarget[]> {
    const backwards = place?.direction === 'before';
    const filter = place ? { name: backwards ? { $lt: place.name } : { $gt: place.name } } : {};
    return this.collection
      .find<StoredTarget>(filter)
      .sort({ name: backwards ? -1 : 1 })
      .limit(limit)
      .maxTimeMS(statementLimits.listMs)
      .toArray();
  }
}
