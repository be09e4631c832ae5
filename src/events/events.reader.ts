import { Injectable } from '@nestjs/common';
import { CursorInvalidError } from '../common/errors/request.errors.js';
import type { Place } from '../common/http/cursor.js';
import { type Page, readCountablePage } from '../common/http/page.js';
import { unlessTooBroad } from '../database/mongo-errors.js';
import { type CloudEvent, cloudEventOf } from './cloud-event.js';
import type { EventFilter } from './event-filter.js';
import type { StoredEvent } from './events.schema.js';
import { EventsStore, type SeqRange } from './events.store.js';

/** Which page of which list of events. */
export interface EventPageRequest {
  readonly filter: EventFilter;
  /** Only events with a higher number. */
  readonly afterSeq?: number | undefined;
  readonly order: 'newest-first' | 'oldest-first';
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly count?: 'estimate' | 'exact' | undefined;
}

function seqOf({ key: [seq] }: Place): number {
  if (typeof seq !== 'number') throw new CursorInvalidError();
  return seq;
}

function rangeOf({ afterSeq, order }: EventPageRequest, place: Place | undefined): Omit<SeqRange, 'limit'> {
  const ascending = (order === 'oldest-first') === (place?.direction !== 'before');
  if (!place) return { ascending, above: afterSeq };
  const seq = seqOf(place);
  return ascending ? { ascending, above: Math.max(seq, afterSeq ?? 0) } : { ascending, above: afterSeq, below: seq };
}

/** Events in pages, for the native API. */
@Injectable()
export class EventsReader {
  constructor(private readonly events: EventsStore) {}

  /**
   * One page of events.
   * @throws CursorInvalidError when the cursor is not one of this list; TooBroadError when the filter takes too long
   */
  async page(request: EventPageRequest): Promise<Page<CloudEvent>> {
    const { filter, afterSeq, order, limit, cursor, count } = request;
    const unfiltered = Object.keys(filter).length === 0 && afterSeq === undefined;
    const page = await unlessTooBroad(() =>
      readCountablePage({
        ...{ limit, cursor, count },
        boundTo: ['events', filter, afterSeq ?? null, order],
        keyOf: (event: StoredEvent) => [event.seq],
        keyTypes: ['integer'],
        read: (place, wanted) => this.events.find(filter, { ...rangeOf(request, place), limit: wanted }),
        countUpTo: (most) => this.events.count(filter, { above: afterSeq, limit: most }),
        estimate: unfiltered ? () => this.events.estimateAll() : undefined,
      }),
    );
    return { ...page, items: page.items.map(cloudEventOf) };
  }
}
