import { Injectable } from '@nestjs/common';
import { type Page, type PageQueryDto, readCountablePage } from '../../common/http/page.js';
import { unlessTooBroad } from '../../database/mongo-errors.js';
import { type LinkedJob, JobsReader } from '../../jobs/index.js';
import { type ListedEvent, TraceEventsStore } from './trace-events.store.js';
import type { TraceFilter } from './trace-filter.js';
import { uuidInTraceId } from '../content/trace-ids.js';
import { TraceListsStore, type TraceSort } from './trace-lists.store.js';
import { TraceNotFoundError } from '../traces.errors.js';
import type { TraceDocument } from '../traces.schema.js';
import { TracesStore } from '../traces.store.js';

/** Which page of which list. */
export interface TracePageRequest {
  readonly filter: TraceFilter;
  readonly sort: TraceSort;
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly count?: 'estimate' | 'exact' | undefined;
}

/** A trace with what belongs to it. */
export interface LinkedTrace {
  readonly trace: TraceDocument;
  readonly eventCount: number;
  readonly jobs: readonly LinkedJob[];
}

const eventsCountedUpTo = 100_000;
const linkedJobs = 20;

/** The read side of traces, without regard to who may write which dataset: every role reads. */
@Injectable()
export class TracesReader {
  constructor(
    private readonly traces: TracesStore,
    private readonly lists: TraceListsStore,
    private readonly events: TraceEventsStore,
    private readonly jobs: JobsReader,
  ) {}

  /**
   * One page of traces.
   * @throws CursorInvalidError; TooBroadError when the filter takes too long
   */
  page({ filter, sort, limit, cursor, count }: TracePageRequest): Promise<Page<TraceDocument>> {
    return unlessTooBroad(() =>
      readCountablePage({
        ...{ limit, cursor, count },
        boundTo: ['traces', filter, sort],
        keyOf: (trace: TraceDocument) => [trace.createdAt, trace._id],
        keyTypes: ['date', 'string'],
        read: (place, wanted) => this.lists.page(filter, sort, { place, limit: wanted }),
        countUpTo: (most) => this.lists.count(filter, most),
        estimate: Object.keys(filter).length === 0 ? () => this.lists.estimateAll() : undefined,
      }),
    );
  }

  /** One trace with what belongs to it. @throws TraceNotFoundError */
  async get(traceId: string): Promise<LinkedTrace> {
    const trace = await this.find(traceId);
    const [eventCount, jobs] = await Promise.all([
      this.events.count(traceId, eventsCountedUpTo),
      this.jobs.findOfTrace({ traceId: uuidInTraceId(traceId), datasetName: trace.datasetName, limit: linkedJobs }),
    ]);
    return { trace, eventCount, jobs };
  }

  /**
   * One page of the events of a trace, every content that was received, in the order of their start.
   * @throws TraceNotFoundError, CursorInvalidError; TooBroadError when it takes too long
   */
  async pageOfEvents(traceId: string, { limit, cursor, count }: PageQueryDto): Promise<Page<ListedEvent>> {
    await this.find(traceId);
    return unlessTooBroad(() =>
      readCountablePage({
        ...{ limit, cursor, count },
        boundTo: ['traceEvents', traceId],
        keyOf: (event: ListedEvent) => [event.place, event.receivedAt, event._id],
        keyTypes: ['string', 'date', 'string'],
        read: (place, wanted) => this.events.page(traceId, { place, limit: wanted }),
        countUpTo: (most) => this.events.count(traceId, most),
      }),
    );
  }

  private async find(traceId: string): Promise<TraceDocument> {
    const trace = await this.traces.findOne(traceId);
    if (!trace) throw new TraceNotFoundError(traceId);
    return trace;
  }
}
