import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { statementLimits } from '../../database/connection-options.js';
import { duplicateKeyOf } from '../../database/mongo-errors.js';
import { type ConsumerPosition, positionModel } from './positions.schema.js';

const limits = { maxTimeMS: statementLimits.oneDocumentMs } as const;

/** The only place that talks to the collection `eventConsumers`. */
@Injectable()
export class PositionsStore {
  constructor(@InjectModel(positionModel.name) private readonly model: Model<ConsumerPosition>) {}

  /** The number up to which a consumer has handled its events; null when it never began. */
  async find(name: string): Promise<number | null> {
    const found = await this.model.collection.findOne({ name }, { ...limits, projection: { _id: 0, seq: 1 } });
    return (found?.['seq'] as number | undefined) ?? null;
  }

  /** Lets a consumer begin behind a number, unless it has begun already. Safe to repeat. @returns where it stands */
  async begin(name: string, seq: number): Promise<number> {
    try {
      await this.model.collection.updateOne({ name }, { $setOnInsert: { seq } }, { ...limits, upsert: true });
    } catch (error) {
      if (!duplicateKeyOf(error)) throw error; // another process began at the same moment
    }
    return (await this.find(name))!;
  }

  /** Moves a position forward; never back, so that a leader of old does no harm. Safe to repeat. */
  async advance(name: string, seq: number): Promise<void> {
    await this.model.collection.updateOne({ name }, { $max: { seq } }, limits);
  }
}
