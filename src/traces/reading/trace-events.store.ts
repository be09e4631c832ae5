import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import type { Place } from '../../common/http/cursor.js';
import { statementLimits } from '../../database/connection-options.js';
import { batchSize, inBatches } from '../../database/cursor-batches.js';
import type { StoredContent } from '../traces.store.js';
import { traceEventModel, type TraceEventDocument } from '../traces.schema.js';

const contentProjection = { traceId: 1, traceEventId: 1, content: 1, contentHash: 1 } as const;
const listedProjection = { ...contentProjection, edition: 1, startTime: 1, place: 1, receivedAt: 1 } as const;

type HashedContent = StoredContent & Pick<TraceEventDocument, 'contentHash'>;

/** An event as native lists show it. */
export type ListedEvent = StoredContent & Pick<TraceEventDocument, 'edition' | 'startTime' | 'place' | 'receivedAt'>;

const inOrder = { place: 1, receivedAt: 1, _id: 1 } as const;
const against = { place: -1, receivedAt: -1, _id: -1 } as const;

/** Conditions that keep the events behind a place, in the direction of reading; the first one alone bounds the walk through the index. */
function behind({ direction, key: [place, receivedAt, id] }: Place): object {
  const [reached, passed] = direction === 'after' ? ['$gte', '$gt'] : ['$lte', '$lt'];
  const later = [{ place: { [passed]: place } }, { receivedAt: { [passed]: receivedAt } }, { receivedAt, _id: { [passed]: id } }];
  return { place: { [reached]: place }, $or: later };
}

/** `traceEvents`: every read of many events. */
@Injectable()
export class TraceEventsStore {
  constructor(@InjectModel(traceEventModel.name) private readonly documents: Model<TraceEventDocument>) {}

  private get events() {
    return this.documents.collection;
  }

  /**
   * The events of a trace in their order, in arrays of bounded size: each once, with the content received last, at the place of the first. No time limit.
   * @see contracts/traces.md 5, 8
   */
  async *stream(traceId: string): AsyncGenerator<StoredContent[]> {
    const newest = await this.newestEditions(traceId);
    const filter = { traceId, edition: 0 } as never;
    const cursor = this.events.find<StoredContent>(filter).sort(inOrder).hint('trace_order').batchSize(batchSize);
    for await (const events of inBatches(cursor.project<StoredContent>(contentProjection)))
      yield newest.size === 0 ? events : await this.withContents(events, newest);
  }

  /** Event id → document of its newest edition, for events that have more than one. */
  private async newestEditions(traceId: string): Promise<ReadonlyMap<string, string>> {
    const later = { traceId, edition: { $gt: 0 } } as never;
    const found = await this.events
      .find<Pick<TraceEventDocument, '_id' | 'traceEventId'>>(later, { projection: { traceEventId: 1 }, sort: { edition: 1 } })
      .hint('editions')
      .toArray();
    return new Map(found.map(({ _id, traceEventId }) => [traceEventId, _id]));
  }

  private async withContents(events: readonly StoredContent[], newest: ReadonlyMap<string, string>): Promise<StoredContent[]> {
    const ids = events.flatMap(({ traceEventId }) => newest.get(traceEventId) ?? []);
    if (ids.length === 0) return [...events];
    const found = await this.findByIds(ids);
    const byEvent = new Map(found.map((event) => [event.traceEventId, event]));
    return events.map((event) => byEvent.get(event.traceEventId) ?? event);
  }

  /** Some events by their documents' ids, in any order. */
  findByIds(ids: readonly string[]): Promise<HashedContent[]> {
    const options = { projection: contentProjection, maxTimeMS: statementLimits.listMs } as const;
    return this.events.find<HashedContent>({ _id: { $in: [...ids] } } as never, options).toArray();
  }

  /** Up to `limit` events of a trace behind a place, every edition, in their order; or backwards before it. */
  page(traceId: string, { place, limit }: { place: Place | undefined; limit: number }): Promise<ListedEvent[]> {
    const filter = place ? { traceId, ...behind(place) } : { traceId };
    return this.events
      .find<ListedEvent>(filter as never)
      .project<ListedEvent>(listedProjection)
      .sort(place?.direction === 'before' ? against : inOrder)
      .hint('trace_order')
      .limit(limit)
      .maxTimeMS(statementLimits.listMs)
      .toArray();
  }

  /** How many events a trace has, editions included; counted up to `limit`. */
  count(traceId: string, limit: number): Promise<number> {
    const options = { limit, maxTimeMS: statementLimits.listMs };
    return this.events.countDocuments({ traceId }, options);
  }
}
