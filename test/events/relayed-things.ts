import { randomUUID } from 'node:crypto';
import { type Connection, Schema } from 'mongoose';
import { systemCaller } from '../../src/common/caller.js';
import { changePipeline, insertionFilter, insertionPipeline, type Versioned } from '../../src/database/change.js';
import { ChangeWaker } from '../../src/database/change-waker.js';
import { createIndexes } from '../../src/database/indexes.js';
import { leaseModel, type LeaseDocument } from '../../src/database/lease.schema.js';
import { LeaseStore } from '../../src/database/lease.store.js';
import { outboxIndex, schemaOptions, versionedPaths } from '../../src/database/schema-options.js';
import { Transactions } from '../../src/database/transactions.js';
import { eventModel, type StoredEvent } from '../../src/events/events.schema.js';
import { EventsStore } from '../../src/events/events.store.js';
import type { LeaderTiming } from '../../src/events/leader-task.js';
import { OutboxMover } from '../../src/events/outbox-mover.js';
import { OutboxRegistry } from '../../src/events/outbox-registry.js';
import { OutboxStore } from '../../src/events/outbox.store.js';
import { Relay } from '../../src/events/relay.js';

const caller = systemCaller('test');

interface Thing extends Versioned {
  readonly _id: string;
  readonly status: string;
  readonly name: string;
}

/** The rhythm of tests. */
export const quickTiming: LeaderTiming = { leaseMs: 1_000, standbyMs: 50, pollMs: 50, restMs: 5 };

/** Two collections between which documents move, as jobs do, and all that relays their changes. */
export class RelayedThings {
  readonly open;
  readonly closed;
  readonly events: EventsStore;
  readonly leases: LeaseStore;
  readonly outboxes = new OutboxStore();
  readonly registry = new OutboxRegistry();
  readonly eventModel;
  private readonly leaseModel;
  private readonly wakers: ChangeWaker[] = [];
  private readonly transactions: Transactions;

  constructor(readonly connection: Connection) {
    const schemaOf = (collection: string) => {
      const schema = new Schema<Thing>({ _id: String, status: String, name: String, ...versionedPaths }, { ...schemaOptions, collection });
      return schema.index(...outboxIndex);
    };
    this.open = connection.model<Thing>('Open', schemaOf('open'));
    this.closed = connection.model<Thing>('Closed', schemaOf('closed'));
    this.eventModel = connection.model<StoredEvent>(eventModel.name, eventModel.schema);
    this.leaseModel = connection.model<LeaseDocument>(leaseModel.name, leaseModel.schema);
    this.events = new EventsStore(this.eventModel);
    this.leases = new LeaseStore(this.leaseModel);
    this.transactions = new Transactions(connection);
    for (const model of [this.open, this.closed]) {
      this.registry.register<Thing>({
        model,
        topic: 'thing',
        fields: ['name', 'status'],
        subjectOf: ({ _id }) => `things/${_id}`,
        datasetOf: ({ name }) => name,
        dataOf: ({ name }, { to }) => ({ status: to, name }),
      });
    }
  }

  /** Makes collections and indexes. */
  prepare(): Promise<void> {
    return createIndexes(this.connection);
  }

  /** A thing of version 1. */
  async create(id: string = randomUUID()): Promise<string> {
    const document = { _id: id, status: 'new', name: `name of ${id}` };
    const pipeline = insertionPipeline({ document, type: 'thing.created', to: 'new', caller });
    await this.open.collection.updateOne(insertionFilter(id) as never, pipeline, { upsert: true });
    return id;
  }

  /** Raises the version of an open thing by one. False when it is not open. */
  async change(id: string): Promise<boolean> {
    const pipeline = changePipeline({ type: 'thing.changed', to: 'changed', set: { status: 'changed' }, caller });
    return (await this.open.collection.updateOne({ _id: id } as never, pipeline)).matchedCount === 1;
  }

  /** Moves an open thing to the closed ones, with one more version. False when it is not open. */
  move(id: string): Promise<boolean> {
    return this.transactions.run(async (session) => {
      const thing = (await this.open.collection.findOneAndDelete({ _id: id } as never, { session })) as unknown as Thing | null;
      if (!thing) return false;
      const document = { _id: id, status: 'closed', name: thing.name };
      const pipeline = insertionPipeline({ document, type: 'thing.closed', from: thing.status, to: 'closed', caller, movedFrom: thing });
      await this.closed.collection.updateOne(insertionFilter(id) as never, pipeline, { upsert: true, session });
      return true;
    });
  }

  /** A mover of its own, as another process has it. */
  mover(outboxes: OutboxStore = this.outboxes): OutboxMover {
    return new OutboxMover(this.registry, outboxes);
  }

  /** A relay of its own, as another process has it; not started. */
  relay(
    timing: Partial<LeaderTiming> = {},
    { outboxes = this.outboxes, events = this.events, waker = this.waker(), ready = Promise.resolve() } = {},
  ): Relay {
    return new Relay({ ready }, this.registry, this.mover(outboxes), events, this.leases, waker, { ...quickTiming, ...timing });
  }

  /** Ends what relays leave behind that were not stopped. */
  async close(): Promise<void> {
    await Promise.all(this.wakers.map((waker) => waker.beforeApplicationShutdown()));
  }

  /** A change stream of its own, as another process has it. */
  waker(): ChangeWaker {
    const waker = new ChangeWaker(this.connection);
    this.wakers.push(waker);
    return waker;
  }

  /** All events by number. */
  async allEvents(): Promise<StoredEvent[]> {
    return (await this.eventModel.collection.find({}, { projection: { _id: 0 }, sort: { seq: 1 } }).toArray()) as unknown as StoredEvent[];
  }

  /** All things, wherever they are. */
  async allThings(): Promise<Thing[]> {
    const lists = [await this.open.collection.find({}).toArray(), await this.closed.collection.find({}).toArray()];
    return lists.flat() as unknown as Thing[];
  }

  /** What the lease of the relay says. */
  async lease(): Promise<LeaseDocument | null> {
    return (await this.leaseModel.collection.findOne({ _id: 'relay' } as never)) as unknown as LeaseDocument | null;
  }

  /** Things that have changes which are not events yet, and things whose versions are not exactly once among the events. Both empty at the end. */
  async violations(): Promise<{ waiting: string[]; notOnce: string[]; outOfOrder: string[] }> {
    const things = await this.allThings();
    const versions = new Map<string, number[]>();
    for (const { documentId, version } of await this.allEvents()) versions.set(documentId, [...(versions.get(documentId) ?? []), version]);
    const isOnce = ({ _id, version }: Thing) => {
      const of = [...(versions.get(_id) ?? [])].sort((a, b) => a - b);
      return of.length === version && of.every((one, index) => one === index + 1);
    };
    const isOrdered = (list: number[]) => list.every((version, index) => index === 0 || version > list[index - 1]!);
    return {
      waiting: things.filter(({ outbox }) => outbox.length > 0).map(({ _id }) => _id),
      notOnce: things.filter((thing) => !isOnce(thing)).map(({ _id }) => _id),
      outOfOrder: [...versions].filter(([, list]) => !isOrdered(list)).map(([id]) => id),
    };
  }
}

/** What `violations` answers when every change became exactly one event, in the order of each thing's versions. */
export const noViolations = { waiting: [], notOnce: [], outOfOrder: [] };
