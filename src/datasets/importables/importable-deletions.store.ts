import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import type { Caller } from '../../common/caller.js';
import { type Change, changePipeline, insertionFilter, insertionPipeline, serverTime } from '../../database/change.js';
import { statementLimits } from '../../database/connection-options.js';
import { type ImportableDeletionDocument, importableDeletionModel } from './importable-deletions.schema.js';

/** What is known before a file goes. */
export interface DeletionRequest {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly fileVersion: string;
  readonly reason: string | null;
}

/** A request whose end was never recorded. */
export type OpenDeletion = Pick<ImportableDeletionDocument, '_id' | 'name' | 'fileVersion'>;

/** The only place that talks to `importableDeletions`. */
@Injectable()
export class ImportableDeletionsStore {
  constructor(@InjectModel(importableDeletionModel.name) private readonly model: Model<ImportableDeletionDocument>) {}

  /** Records that a file is to be deleted; written before the file is touched. */
  async insertRequested(request: DeletionRequest, caller: Caller): Promise<void> {
    const { id, ...fields } = request;
    const ended = { keptBecause: null, requestedAt: serverTime, endedAt: null };
    const pipeline = insertionPipeline({
      document: { _id: id, ...fields, status: 'requested', requestedBy: caller.actor, ...ended },
      type: 'importable.deletion-requested',
      to: 'requested',
      caller,
      reason: request.reason,
    });
    const options = { upsert: true, maxTimeMS: statementLimits.oneDocumentMs };
    await this.model.collection.updateOne(insertionFilter(id) as never, pipeline, options);
  }

  /** Records that the file is gone by this request. False when the end was recorded already. */
  async markDeleted(id: string, caller: Caller): Promise<boolean> {
    return this.end(id, { type: 'importable.deleted', to: 'deleted', set: { status: 'deleted', endedAt: serverTime }, caller });
  }

  /** Records that the request did not remove the file, and why. False when the end was recorded already. */
  async markKept(id: string, keptBecause: string, caller: Caller): Promise<boolean> {
    const set = { status: 'kept', keptBecause, endedAt: serverTime };
    return this.end(id, { type: 'importable.kept', to: 'kept', set, recorded: ['keptBecause'], caller });
  }

  /** Up to `limit` requests older than `seconds`, by the database's clock, whose end was never recorded; oldest first. */
  async findOpen(seconds: number, limit: number): Promise<OpenDeletion[]> {
    const before = { $lt: ['$requestedAt', { $subtract: ['$$NOW', seconds * 1_000] }] };
    const cursor = this.model.collection.find({ status: 'requested', $expr: before }, { projection: { name: 1, fileVersion: 1 } });
    return (await cursor
      .sort({ requestedAt: 1, _id: 1 })
      .limit(limit)
      .maxTimeMS(statementLimits.listMs)
      .toArray()) as unknown as OpenDeletion[];
  }

  private async end(id: string, change: Change): Promise<boolean> {
    const filter = { _id: id, status: 'requested' } as never;
    const options = { returnDocument: 'after', projection: { _id: 1 }, maxTimeMS: statementLimits.oneDocumentMs } as const;
    return (await this.model.collection.findOneAndUpdate(filter, changePipeline(change), options)) !== null;
  }
}
