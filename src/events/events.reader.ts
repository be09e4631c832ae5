import { Injectable } from '@nestjs/common';
import { CursorInvalidError } from '../common/errors/request.errors.js';
import type { Place } from '../common/http/cursor.js';
import { type Page, readPage } from '../common/http/page.js';
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

const exactUpTo = 10_000;

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
   * @throws CursorInvalidError when the cursor is not one of this list
   */
  async page(request: EventPageRequest): Promise<Page<CloudEvent>> {
    const { filter, afterSeq, order, limit, cursor, count } = request;
    const page = await readPage({
      limit,
      cursor,
      boundTo: ['events', filter, afterSeq ?? null, order],
      keyOf: (event: StoredEvent) => [event.seq],
      keyTypes: ['integer'],
      read: (place, wanted) => this.events.find(filter, { ...rangeOf(request, place), limit: wanted }),
    });
    const items = page.items.map(cloudEventOf);
    return count ? { ...page, items, count: await this.count(request) } : { ...page, items };
  }

  private async count({ filter, afterSeq, count }: EventPageRequest): Promise<{ value: number; exact: boolean }> {
    const all = Object.keys(filter).length === 0 && afterSeq === undefined;
    if (count === 'estimate' && all) return { value: await this.events.estimateAll(), exact: false };
    const value = await this.events.count(filter, { above: afterSeq, limit: exactUpTo + 1 });
    return { value: Math.min(value, exactUpTo), exact: value <= exactUpTo };
  }
}
