import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import type { Caller } from '../../common/caller.js';
import { insertionFilter, insertionPipeline, serverTime } from '../../database/change.js';
import { statementLimits } from '../../database/connection-options.js';
import { duplicateKeyOf } from '../../database/mongo-errors.js';
import { type OpenLineageEventDocument, openLineageEventModel } from './openlineage-events.schema.js';

/** An event that is to be kept. */
export type NewOpenLineageEvent = Omit<OpenLineageEventDocument, '_id' | 'version' | 'outbox' | 'receivedAt'>;

/** Where an event is kept, and whether it was before. */
export interface KeptEvent {
  readonly eventId: string;
  readonly known: boolean;
}

const limits = { maxTimeMS: statementLimits.oneDocumentMs } as const;

/** The only place that talks to the collection `openlineageEvents`. */
@Injectable()
export class OpenLineageEventsStore {
  constructor(@InjectModel(openLineageEventModel.name) private readonly model: Model<OpenLineageEventDocument>) {}

  /** Keeps an event, durably; one of the same content is kept once. */
  async keep(event: NewOpenLineageEvent, caller: Caller): Promise<KeptEvent> {
    const _id = randomUUID();
    const document = { _id, ...event, receivedAt: serverTime };
    const pipeline = insertionPipeline({ document, type: 'openlineage.received', to: 'received', caller });
    try {
      await this.model.collection.updateOne(insertionFilter(_id) as never, pipeline, { ...limits, upsert: true });
      return { eventId: _id, known: false };
    } catch (error) {
      if (!duplicateKeyOf(error)?.includes('contentHash')) throw error;
      return { eventId: await this.idOf(event.contentHash), known: true };
    }
  }

  private async idOf(contentHash: string): Promise<string> {
    const found = await this.model.collection.findOne({ contentHash }, { ...limits, projection: { _id: 1 } });
    return String(found!._id);
  }

  /** The events with these ids as JSON texts, by id; those that are not kept are absent. */
  async findRaw(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const options = { projection: { raw: 1 }, maxTimeMS: statementLimits.listMs } as const;
    const found = await this.model.collection.find({ _id: { $in: [...ids] } } as never, options).toArray();
    return new Map(found.map(({ _id, raw }) => [String(_id), raw as string]));
  }
}
