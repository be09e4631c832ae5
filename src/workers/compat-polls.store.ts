import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { statementLimits } from '../database/connection-options.js';
import { type CompatPollDocument, compatPollModel } from './workers.schema.js';

const limits = { maxTimeMS: statementLimits.oneDocumentMs };

/** `compatPolls`: one document an operation, of no consequence when it is lost, and therefore without version and outbox. */
@Injectable()
export class CompatPollsStore {
  constructor(@InjectModel(compatPollModel.name) private readonly model: Model<CompatPollDocument>) {}

  /** Notes the present time by the server's clock. Safe to repeat. */
  async note(operations: readonly string[]): Promise<void> {
    const updates = operations.map((operation) => ({
      updateOne: { filter: { _id: operation as never }, update: { $currentDate: { at: true as const } }, upsert: true },
    }));
    await this.model.collection.bulkWrite(updates, { ordered: false, writeConcern: { w: 1 } });
  }

  /** For each operation that was asked for at most so long ago: how long ago, in seconds. */
  async listSince(seconds: number): Promise<{ operation: string; secondsAgo: number }[]> {
    const recent = { $expr: { $gte: ['$at', { $subtract: ['$$NOW', seconds * 1_000] }] } };
    const projection = { secondsAgo: { $divide: [{ $subtract: ['$$NOW', '$at'] }, 1_000] } };
    const found = await this.model.collection.find(recent, { ...limits, projection }).toArray();
    return found.map((poll) => ({ operation: String(poll._id), secondsAgo: Number(poll['secondsAgo']) }));
  }
}
