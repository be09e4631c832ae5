import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import mongoose, { type Model } from 'mongoose';
import { statementLimits } from '../database/connection-options.js';
import { conditionsOf, type EventFilter } from './event-filter.js';
import { type EventDraft, eventModel, type StoredEvent } from './events.schema.js';

/** What became of an append: all stored, or the ones before `at` stored and the one at `at` not, for a reason that lies in it. */
export type AppendOutcome =
  | { readonly kind: 'appended' }
  | { readonly kind: 'duplicate'; readonly at: number }
  | { readonly kind: 'refused'; readonly at: number; readonly error: Error };

/** Document and version: the identity of an event as one text. */
export const identityOf = ({ documentId, version }: Pick<EventDraft, 'documentId' | 'version'>): string => `${documentId}:${version}`;

/** Which versions of a document: the newest below `below`, or the oldest above `above`. */
export interface VersionRange {
  readonly below?: number | undefined;
  readonly above?: number | undefined;
  readonly limit: number;
}

/** Which numbers, both bounds exclusive, and from which end. */
export interface SeqRange {
  readonly above?: number | undefined;
  readonly below?: number | undefined;
  readonly ascending: boolean;
  readonly limit: number;
}

/** The conditions of a filter within bounds of numbers. */
function filterWithin(filter: EventFilter, { above, below }: Pick<SeqRange, 'above' | 'below'>): object {
  const seq = { ...(above !== undefined && { $gt: above }), ...(below !== undefined && { $lt: below }) };
  const all = [...conditionsOf(filter), ...(Object.keys(seq).length === 0 ? [] : [{ seq }])];
  return all.length === 0 ? {} : { $and: all };
}

const withoutId = { _id: 0 } as const;

/** The only place that talks to the collection `events`. */
@Injectable()
export class EventsStore {
  constructor(@InjectModel(eventModel.name) private readonly model: Model<StoredEvent>) {}

  /**
   * Inserts events one after the other, durably, up to the first that is not accepted.
   * @throws when the database does not answer, or not in time; then it is unknown how many are stored
   */
  async append(events: readonly StoredEvent[]): Promise<AppendOutcome> {
    try {
      await this.model.collection.insertMany(
        events.map((event) => ({ ...event })),
        { ordered: true },
      );
      return { kind: 'appended' };
    } catch (error) {
      const failed = error instanceof mongoose.mongo.MongoBulkWriteError ? [error.writeErrors].flat()[0] : undefined;
      if (!failed) throw error;
      return failed.code === 11000 ? { kind: 'duplicate', at: failed.index } : { kind: 'refused', at: failed.index, error: error as Error };
    }
  }

  /** Name of the collection, for whoever waits for new events. */
  get collection(): string {
    return this.model.collection.name;
  }

  /** Events that the filter lets through, in the order of their numbers or against it. */
  async find(filter: EventFilter, { limit, ascending, ...bounds }: SeqRange): Promise<StoredEvent[]> {
    const options = { projection: withoutId, sort: { seq: ascending ? 1 : -1 }, limit, maxTimeMS: statementLimits.listMs } as const;
    return (await this.model.collection.find(filterWithin(filter, bounds), options).toArray()) as unknown as StoredEvent[];
  }

  /** How many events the filter lets through, counted up to `limit`. */
  async count(filter: EventFilter, { above, limit }: Pick<SeqRange, 'above' | 'limit'>): Promise<number> {
    return this.model.collection.countDocuments(filterWithin(filter, { above }), { limit, maxTimeMS: statementLimits.listMs });
  }

  /** What a filter lets through above a number: how many events, counted up to `limit`, and the age of the oldest by the database's clock; 0 without one. */
  async backlog(wanted: EventFilter, above: number, limit: number): Promise<{ pending: number; lagSeconds: number }> {
    const filter = filterWithin(wanted, { above });
    const limits = { maxTimeMS: statementLimits.listMs } as const;
    const age = { _id: 0, lagMs: { $subtract: ['$$NOW', '$at'] } };
    const oldest = this.model.collection.aggregate([{ $match: filter }, { $sort: { seq: 1 } }, { $limit: 1 }, { $project: age }], limits);
    const [pending, [first]] = await Promise.all([this.model.collection.countDocuments(filter, { ...limits, limit }), oldest.toArray()]);
    return { pending, lagSeconds: Math.max(0, Number(first?.['lagMs'] ?? 0)) / 1_000 };
  }

  /** How many events there are, from the collection's own count. */
  async estimateAll(): Promise<number> {
    return this.model.collection.estimatedDocumentCount({ maxTimeMS: statementLimits.oneDocumentMs });
  }

  /** The smallest `seq` that is kept; null when there is no event. */
  async firstSeq(): Promise<number | null> {
    const options = { sort: { seq: 1 }, projection: { _id: 0, seq: 1 }, maxTimeMS: statementLimits.oneDocumentMs } as const;
    const first = await this.model.collection.findOne({}, options);
    return (first?.['seq'] as number | undefined) ?? null;
  }

  /** The greatest `seq`; 0 when there is no event. */
  async lastSeq(): Promise<number> {
    const options = { sort: { seq: -1 }, projection: { _id: 0, seq: 1 }, maxTimeMS: statementLimits.oneDocumentMs } as const;
    const last = await this.model.collection.findOne({}, options);
    return (last?.['seq'] as number | undefined) ?? 0;
  }

  /** Those of the drafts that are events already, as identities. */
  async findRelayed(drafts: readonly EventDraft[]): Promise<ReadonlySet<string>> {
    const versions = new Map<string, number[]>();
    for (const { documentId, version } of drafts) versions.set(documentId, [...(versions.get(documentId) ?? []), version]);
    const anyOf = [...versions].map(([documentId, ofDocument]) => ({ documentId, version: { $in: ofDocument } }));
    if (anyOf.length === 0) return new Set();
    const options = { projection: { _id: 0, documentId: 1, version: 1 }, maxTimeMS: statementLimits.listMs } as const;
    const found = await this.model.collection.find({ $or: anyOf }, options).toArray();
    return new Set(found.map((event) => identityOf(event as unknown as EventDraft)));
  }

  /** Events of one document: newest first, or oldest first for a range with `above`. */
  async findOfDocument(documentId: string, { below, above, limit }: VersionRange): Promise<StoredEvent[]> {
    const version = { ...(below === undefined ? {} : { $lt: below }), ...(above === undefined ? {} : { $gt: above }) };
    const filter = Object.keys(version).length === 0 ? { documentId } : { documentId, version };
    const options = {
      projection: withoutId,
      sort: { version: above === undefined ? -1 : 1 },
      limit,
      maxTimeMS: statementLimits.listMs,
    } as const;
    return (await this.model.collection.find(filter, options).toArray()) as unknown as StoredEvent[];
  }
}
