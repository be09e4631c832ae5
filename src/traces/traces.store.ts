import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import type { Caller } from '../common/caller.js';
import { ServiceUnavailableError } from '../common/errors/service.errors.js';
import { Turns } from '../common/turns.js';
import { Backoff } from '../database/backoff.js';
import { insertionFilter, insertionPipeline, operand, serverTime, type Versioned } from '../database/change.js';
import { statementLimits } from '../database/connection-options.js';
import { duplicateKeyOf } from '../database/mongo-errors.js';
import { Transactions, type TransactionSession } from '../database/transactions.js';
import type { TraceFold } from './summary/trace-fold.js';
import { projectionPipeline } from './summary/trace-projection.js';
import { traceEventModel, type TraceDocument, type TraceEventDocument, traceModel } from './traces.schema.js';

/** What is needed of a trace to append to it. */
export type TraceHead = Pick<TraceDocument, 'traceId' | 'datasetId' | 'datasetName' | 'datasetVersion' | 'createdAt'>;

/** A trace to be created. */
export type NewTrace = Omit<TraceDocument, '_id' | 'createdAt'>;

/** An event to be appended: what the client sent of it. */
export type NewEvent = Omit<
  TraceEventDocument,
  keyof Versioned | 'traceId' | 'traceEventId' | 'edition' | 'datasetName' | 'traceCreatedAt' | 'receivedAt'
>;

/** An event as it is answered. */
export type StoredContent = Pick<TraceEventDocument, '_id' | 'traceId' | 'traceEventId' | 'content'>;

/** How an event is told of. */
export interface Telling {
  /** Event type, without `.v1`. */
  readonly type: string;
  /** What the event says of its trace. */
  readonly to: string;
  readonly caller: Caller;
}

const limits = { maxTimeMS: statementLimits.oneDocumentMs };
const headProjection = { _id: 0, traceId: 1, datasetId: 1, datasetName: 1, datasetVersion: 1, createdAt: 1 } as const;
const editionProjection = { traceEventId: 1, contentHash: 1 } as const;
/** A further content that met those of other processes is tried again, for a time that ends before the caller's patience does. */
const editionTries = { most: 60, firstPauseMs: 4, longestPauseMs: 100 } as const;

type EventIds = Pick<TraceEventDocument, '_id' | 'traceEventId' | 'edition'>;
/** An event with all that its insert takes. */
interface ToldEvent {
  readonly head: TraceHead;
  readonly event: NewEvent;
  readonly telling: Telling;
}
type Edition = Pick<TraceEventDocument, '_id' | 'traceEventId' | 'contentHash'>;

/** `traces` and `traceEvents`: creation, appends, and the projection. Uses the driver's collections, because appends are the hot path. */
@Injectable()
export class TracesStore {
  private readonly editionTurns = new Turns();

  constructor(
    @InjectModel(traceModel.name) private readonly traceDocuments: Model<TraceDocument>,
    @InjectModel(traceEventModel.name) private readonly eventDocuments: Model<TraceEventDocument>,
    private readonly transactions: Transactions,
  ) {}

  private get traces() {
    return this.traceDocuments.collection;
  }

  private get events() {
    return this.eventDocuments.collection;
  }

  /** Stores a trace and its first event, in one transaction: neither is ever seen without the other. */
  create(trace: NewTrace, event: NewEvent, telling: Telling): Promise<void> {
    const ids = { trace: randomUUID(), event: randomUUID(), traceEvent: randomUUID() };
    return this.transactions.run(async (session) => {
      const head = await this.insertTrace(ids.trace, trace, session);
      await this.insertEvent({ _id: ids.event, traceEventId: ids.traceEvent, edition: 0 }, { head, event, telling }, session);
    });
  }

  private async insertTrace(id: string, trace: NewTrace, session: TransactionSession): Promise<TraceHead> {
    const fields = Object.fromEntries(Object.entries({ _id: id, ...trace }).map(([field, value]) => [field, operand(value)]));
    const pipeline = [{ $replaceWith: { ...fields, createdAt: serverTime.json } }];
    const options = { upsert: true, returnDocument: 'after', projection: headProjection, session } as const;
    return (await this.traces.findOneAndUpdate(insertionFilter(id) as never, pipeline, options)) as unknown as TraceHead;
  }

  private async insertEvent(ids: EventIds, { head, event, telling }: ToldEvent, session?: TransactionSession): Promise<void> {
    const { traceId, datasetName, createdAt: traceCreatedAt } = head;
    const document = { ...ids, traceId, ...event, datasetName, traceCreatedAt, receivedAt: serverTime };
    const { type, to, caller } = telling;
    await this.events.updateOne(insertionFilter(ids._id) as never, insertionPipeline({ document, type, to, caller }), {
      upsert: true,
      ...(session && { session }),
    });
  }

  /**
   * Appends an event. A content that is stored already under the same identity is not stored again; another content of the same identity becomes its next
   * edition, under the same event id. Safe to repeat.
   * @returns the event as it is stored, the one that was there already for a repeat
   * @throws ServiceUnavailableError when other processes were faster with further contents each time
   */
  async append(head: TraceHead, event: NewEvent, telling: Telling): Promise<StoredContent> {
    const told = { head, event, telling };
    const first = await this.insertUnlessMet({ _id: randomUUID(), traceEventId: randomUUID(), edition: 0 }, told);
    if (first) return first;
    const identity = JSON.stringify([head.traceId, event.startTime, event.component, event.operation]);
    return this.editionTurns.take(identity, () => this.appendEdition(told));
  }

  /** Within this process these never meet, so that a try fails only by the contents that other processes store. */
  private async appendEdition(told: ToldEvent): Promise<StoredContent> {
    const { head, event } = told;
    const pauses = new Backoff(editionTries.firstPauseMs, editionTries.longestPauseMs);
    for (let tries = 0; tries < editionTries.most; tries++) {
      if (tries > 0) await sleep(pauses.next());
      const editions = await this.editionsOf(head.traceId, event);
      const same = editions.find(({ contentHash }) => contentHash === event.contentHash);
      if (same) return { _id: same._id, traceEventId: same.traceEventId, traceId: head.traceId, content: await this.contentOf(same._id) };
      const next = { _id: randomUUID(), traceEventId: editions[0]!.traceEventId, edition: editions.length };
      const stored = await this.insertUnlessMet(next, told);
      if (stored) return stored;
    }
    throw new ServiceUnavailableError('Too many contents of this event arrive at once. Try again.');
  }

  /** Inserts an event; null when its identity has this edition already. */
  private async insertUnlessMet(ids: EventIds, told: ToldEvent): Promise<StoredContent | null> {
    try {
      await this.insertEvent(ids, told);
    } catch (error) {
      if (duplicateKeyOf(error)?.includes('edition')) return null;
      throw error;
    }
    return { _id: ids._id, traceEventId: ids.traceEventId, traceId: told.head.traceId, content: told.event.content };
  }

  /** All contents received under an identity, in the order of arrival. */
  private async editionsOf(traceId: string, { startTime, component, operation }: NewEvent): Promise<Edition[]> {
    const options = { ...limits, projection: editionProjection, sort: { edition: 1 } } as const;
    return this.events.find<Edition>({ traceId, startTime, component, operation } as never, options).toArray();
  }

  private async contentOf(id: string): Promise<string> {
    const options = { ...limits, projection: { _id: 0, content: 1 } } as const;
    return (await this.events.findOne<Pick<TraceEventDocument, 'content'>>({ _id: id } as never, options))!.content;
  }

  /** Joins a fold into the summary of a trace. Safe to repeat, and in any order with others. */
  async project(traceId: string, fold: TraceFold): Promise<void> {
    await this.traces.updateOne({ traceId }, projectionPipeline(fold));
  }

  /** The summaries of some traces, by their ids. */
  async findFolds(traceIds: readonly string[]): Promise<ReadonlyMap<string, TraceFold>> {
    const options = { projection: { _id: 0, traceId: 1, fold: 1 }, maxTimeMS: statementLimits.listMs } as const;
    const found = this.traces.find<Pick<TraceDocument, 'traceId' | 'fold'>>({ traceId: { $in: [...traceIds] } }, options);
    return new Map((await found.toArray()).map(({ traceId, fold }) => [traceId, fold]));
  }

  /** What an append needs of a trace; null when there is none with this id. */
  findHead(traceId: string): Promise<TraceHead | null> {
    return this.traces.findOne<TraceHead>({ traceId }, { ...limits, projection: headProjection });
  }

  /** One trace; null when there is none with this id. */
  findOne(traceId: string): Promise<TraceDocument | null> {
    return this.traces.findOne<TraceDocument>({ traceId }, limits);
  }

  /** The trace created last among those with an event of this path; null when no event has it. */
  async findHeadByS3Path(s3Path: string): Promise<TraceHead | null> {
    const options = { ...limits, projection: { _id: 0, traceId: 1 }, sort: { traceCreatedAt: -1, traceId: 1 } } as const;
    const event = await this.events.findOne<Pick<TraceEventDocument, 'traceId'>>({ s3Path } as never, options);
    return event && this.findHead(event.traceId);
  }
}
