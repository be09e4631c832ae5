import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { operand } from './change.js';
import { statementLimits } from './connection-options.js';
import { type LeaseDocument, leaseModel } from './lease.schema.js';
import { duplicateKeyOf } from './mongo-errors.js';

/** Who acquires which lease, and for how long. */
export interface LeaseClaim {
  readonly name: string;
  readonly holder: string;
  readonly token: string;
  readonly durationMs: number;
}

const free = { $or: [{ expiresAt: null }, { expiresAt: { $type: 'date' }, $expr: { $lte: ['$expiresAt', '$$NOW'] } }] };
const limits = { maxTimeMS: statementLimits.oneDocumentMs };
const inMs = (durationMs: number): object => ({ $add: ['$$NOW', { $literal: durationMs }] });
const noted = (seq: number): object => ({ $max: ['$seq', { $literal: seq }] });

/** The only place that talks to the collection `leases`. All times are the database's. */
@Injectable()
export class LeaseStore {
  constructor(@InjectModel(leaseModel.name) private readonly model: Model<LeaseDocument>) {}

  /** Makes the lease, free, where it does not exist yet. Safe to repeat. */
  async ensure(name: string): Promise<void> {
    const initial = { holder: null, token: null, expiresAt: null, seq: 0 };
    try {
      await this.model.collection.updateOne({ _id: name } as never, { $setOnInsert: initial }, { upsert: true, ...limits });
    } catch (error) {
      if (!duplicateKeyOf(error)) throw error; // another process made it at the same moment
    }
  }

  /** Takes the lease if nobody has it or its time is over. Null when it is held or was never made. */
  async acquire({ name, holder, token, durationMs }: LeaseClaim): Promise<LeaseDocument | null> {
    const set = { holder: operand(holder), token: operand(token), expiresAt: inMs(durationMs) };
    const options = { returnDocument: 'after', projection: { _id: 0 }, ...limits } as const;
    const document = await this.model.collection.findOneAndUpdate({ _id: name, ...free } as never, [{ $set: set }], options);
    return document as LeaseDocument | null;
  }

  /**
   * Moves the end of the lease to `durationMs` from now and notes `seq`. A lease whose time is over but that nobody took is still good.
   * @returns false when another process has it
   */
  async renew({ name, token, durationMs }: Omit<LeaseClaim, 'holder'>, seq: number): Promise<boolean> {
    const set = { expiresAt: inMs(durationMs), seq: noted(seq) };
    const { matchedCount } = await this.model.collection.updateOne({ _id: name, token } as never, [{ $set: set }], limits);
    return matchedCount === 1;
  }

  /**
   * Frees the lease at once and notes `seq`. Safe to repeat.
   * @returns false when another process has it already
   */
  async release({ name, token }: Pick<LeaseClaim, 'name' | 'token'>, seq: number): Promise<boolean> {
    const set = { token: null, expiresAt: null, seq: noted(seq) };
    const { matchedCount } = await this.model.collection.updateOne({ _id: name, token } as never, [{ $set: set }], limits);
    return matchedCount === 1;
  }
}
