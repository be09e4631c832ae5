import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import mongoose from 'mongoose';
import { EventLog } from '../../src/events/event-log.js';
import type { StoredEvent } from '../../src/events/events.schema.js';
import { type AppendOutcome, EventsStore } from '../../src/events/events.store.js';
import { OutboxStore } from '../../src/events/outbox.store.js';
import { withDatabase } from '../support/database.js';
import { noViolations, RelayedThings } from './relayed-things.js';

const crash = () => new mongoose.mongo.MongoNetworkError('crash');

/** Stores as many events as it is told, then behaves as if the process had died. */
class CrashingEvents extends EventsStore {
  storedBeforeCrash = Infinity;

  override async append(events: readonly StoredEvent[]): Promise<AppendOutcome> {
    if (events.length <= this.storedBeforeCrash) return super.append(events);
    if (this.storedBeforeCrash > 0) await super.append(events.slice(0, this.storedBeforeCrash));
    throw crash();
  }
}

/** Dies before it takes anything out. */
class CrashingOutboxes extends OutboxStore {
  override async removeRelayed(): Promise<void> {
    throw crash();
  }
}

const withThings = (work: (things: RelayedThings) => Promise<void>) =>
  withDatabase(async ({ connection }) => {
    const things = new RelayedThings(connection);
    await things.prepare();
    await work(things);
  });
const newLog = (things: RelayedThings, events = things.events, last = 0) => new EventLog(events, last, () => true);

beforeAll(() => Logger.overrideLogger(false));
afterAll(() => Logger.overrideLogger(['log', 'warn', 'error']));

describe('OutboxMover', () => {
  it('makes every entry an event with what the feature says of it, and empties the outbox', () =>
    withThings(async (things) => {
      const id = await things.create();
      await things.change(id);
      expect(await things.mover().moveBatch(newLog(things))).toEqual({ kind: 'moved', documents: 1, more: false });
      const events = await things.allEvents();
      expect(events.map(({ seq, version, type, from, to }) => ({ seq, version, type, from, to }))).toEqual([
        { seq: 1, version: 1, type: 'thing.created', from: null, to: 'new' },
        { seq: 2, version: 2, type: 'thing.changed', from: 'new', to: 'changed' },
      ]);
      expect(events[0]).toMatchObject({
        documentId: id,
        subject: `things/${id}`,
        topic: 'thing',
        dataset: `name of ${id}`,
        data: { status: 'new', name: `name of ${id}` },
        actor: { id: 'signalbox' },
        requestId: 'test',
      });
      expect(events[0]!.at).toBeInstanceOf(Date);
      expect(await things.violations()).toEqual(noViolations);
    }));

  it('orders entries by time across documents', () =>
    withThings(async (things) => {
      const [a, b] = [await things.create('a'), await things.create('b')];
      await new Promise((resolve) => setTimeout(resolve, 5));
      await things.change(a);
      await new Promise((resolve) => setTimeout(resolve, 5));
      await things.change(b);
      await things.mover().moveBatch(newLog(things));
      expect((await things.allEvents()).map(({ documentId, version }) => `${documentId}${version}`)).toEqual(['a1', 'b1', 'a2', 'b2']);
    }));

  it('moves more documents than fit into one batch, oldest first', () =>
    withThings(async (things) => {
      await Promise.all(Array.from({ length: 230 }, () => things.create()));
      const log = newLog(things);
      expect(await things.mover().moveBatch(log)).toEqual({ kind: 'moved', documents: 200, more: true });
      expect(await things.mover().moveBatch(log)).toEqual({ kind: 'moved', documents: 30, more: false });
      expect(await things.violations()).toEqual(noViolations);
      const times = (await things.allEvents()).map(({ at }) => at.getTime());
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }));

  it('stores an outbox of over a thousand entries', () =>
    withThings(async (things) => {
      const id = await things.create();
      const entry = (await things.open.collection.findOne({}))!['outbox'][0];
      const outbox = Array.from({ length: 1_200 }, (_, index) => ({ ...entry, version: index + 1 }));
      await things.open.collection.updateOne({ _id: id } as never, { $set: { outbox, version: 1_200 } });
      await things.mover().moveBatch(newLog(things));
      expect(await things.violations()).toEqual(noViolations);
    }));

  it('reads through the partial index', () =>
    withThings(async (things) => {
      await things.create();
      const [source] = things.registry.sources;
      await things.connection.db!.setProfilingLevel('all');
      await things.outboxes.findOldest(source!, 10, ['x']);
      await things.connection.db!.setProfilingLevel('off');
      const profile = await things.connection.db!.collection('system.profile').findOne({ op: 'query', ns: /open$/ });
      expect(profile).toMatchObject({ planSummary: 'IXSCAN { outbox.0.at: 1 }', docsExamined: 1 });
      expect(profile).not.toHaveProperty('hasSortStage');
    }));

  it('does not repeat entries that were stored before a crash', () =>
    withThings(async (things) => {
      const id = await things.create();
      await things.change(id);
      await expect(things.mover(new CrashingOutboxes()).moveBatch(newLog(things))).rejects.toThrow('crash');
      await things.change(id);
      await things.mover().moveBatch(newLog(things));
      expect(await things.violations()).toEqual(noViolations);
      expect((await things.allEvents()).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    }));

  it('goes on behind the events that were stored when the outcome of an insert is unknown', () =>
    withThings(async (things) => {
      const events = new CrashingEvents(things.eventModel);
      const id = await things.create();
      await things.change(id);
      await things.change(id);
      events.storedBeforeCrash = 2;
      const log = newLog(things, events);
      await expect(things.mover().moveBatch(log)).rejects.toThrow('crash');
      events.storedBeforeCrash = Infinity;
      expect(await things.mover().moveBatch(log)).toMatchObject({ kind: 'moved' });
      expect(await things.violations()).toEqual(noViolations);
      expect((await things.allEvents()).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    }));

  it('gives no number that was given before, though its event is gone', () =>
    withThings(async (things) => {
      await things.create();
      await things.mover().moveBatch(newLog(things, things.events, 41));
      expect((await things.allEvents()).map(({ seq }) => seq)).toEqual([42]);
    }));

  it('stops when another leader has given the number', () =>
    withThings(async (things) => {
      const [mine, theirs] = [newLog(things), newLog(things)];
      await things.create();
      await things.mover().moveBatch(mine);
      await things.create();
      await things.mover().moveBatch(theirs);
      await things.create();
      expect(await things.mover().moveBatch(mine)).toEqual({ kind: 'lost' });
      expect(await things.mover().moveBatch(theirs)).toMatchObject({ kind: 'moved', documents: 1 });
      expect(await things.violations()).toEqual(noViolations);
    }));

  it('writes nothing once it leads no more', () =>
    withThings(async (things) => {
      await things.create();
      expect(await things.mover().moveBatch(new EventLog(things.events, 0, () => false))).toEqual({ kind: 'lost' });
      expect(await things.allEvents()).toEqual([]);
    }));

  it('leaves a later entry in the outbox when it takes out earlier ones', () =>
    withThings(async (things) => {
      const id = await things.create();
      class SlowOutboxes extends OutboxStore {
        override async removeRelayed(...parameters: Parameters<OutboxStore['removeRelayed']>): Promise<void> {
          await things.change(id);
          await super.removeRelayed(...parameters);
        }
      }
      await things.mover(new SlowOutboxes()).moveBatch(newLog(things));
      expect((await things.allThings())[0]!.outbox.map(({ version }) => version)).toEqual([2]);
      await things.mover().moveBatch(newLog(things));
      expect(await things.violations()).toEqual(noViolations);
    }));

  it.each([
    ['an entry without a version', { 'outbox.0.version': null }],
    ['an entry without a time', { 'outbox.0.at': 'yesterday' }],
    ['an entry that is none', { outbox: [null] }],
    ['something else for an outbox', { outbox: { 0: { at: new Date(0) } } }],
  ])('goes on with the others when a document has %s', (_name, damage) =>
    withThings(async (things) => {
      const bad = await things.create('bad');
      await things.open.collection.updateOne({ _id: bad } as never, { $set: damage });
      await things.create('good');
      const [mover, log] = [things.mover(), newLog(things)];
      expect(await mover.moveBatch(log)).toMatchObject({ kind: 'moved', documents: 1 });
      expect(await mover.moveBatch(log)).toMatchObject({ kind: 'moved', documents: 0 });
      expect((await things.allEvents()).map(({ documentId }) => documentId)).toEqual(['good']);
      expect((await things.violations()).notOnce).toEqual(['bad']);
    }),
  );

  it('goes on with the others when what a feature says of a document cannot be stored', () =>
    withThings(async (things) => {
      const endless: Record<string, unknown> = {};
      endless['self'] = endless;
      const huge = { text: 'x'.repeat(17 * 1_024 * 1_024) };
      const [source] = things.registry.sources;
      Object.assign(source!, { dataOf: ({ _id }: { _id: string }) => (_id === 'endless' ? endless : _id === 'huge' ? huge : {}) });
      for (const id of ['a', 'endless', 'b', 'huge', 'c']) await things.create(id);
      const [mover, log] = [things.mover(), newLog(things)];
      expect(await mover.moveBatch(log)).toMatchObject({ kind: 'moved', documents: 3 });
      expect(await mover.moveBatch(log)).toMatchObject({ kind: 'moved', documents: 0 });
      expect((await things.allEvents()).map(({ documentId }) => documentId)).toEqual(['a', 'b', 'c']);
      expect((await things.violations()).waiting.sort()).toEqual(['endless', 'huge']);
    }));

  it(
    'makes every version one event under any sequence of changes, moves, crashes and rival leaders',
    () =>
      withThings(async (things) => {
        const thing = fc.nat({ max: 2 });
        const leader = fc.nat({ max: 1 });
        const command = fc.oneof(
          fc.record({ do: fc.constant('change' as const), thing }),
          fc.record({ do: fc.constant('move' as const), thing }),
          fc.record({ do: fc.constant('relay' as const), leader }),
          fc.record({ do: fc.constant('crash before taking out' as const), leader }),
          fc.record({ do: fc.constant('crash while storing' as const), leader, stored: fc.nat({ max: 4 }) }),
          fc.record({ do: fc.constant('elect' as const), leader }),
        );
        let run = 0;
        await fc.assert(
          fc.asyncProperty(fc.array(command, { maxLength: 25 }), async (commands) => {
            const ids = await Promise.all([0, 1, 2].map((index) => things.create(`${run}-${index}`)));
            run++;
            const events = [0, 1].map(() => new CrashingEvents(things.eventModel));
            const elect = (index: number) => new EventLog(events[index]!, 0, () => true);
            const logs = [elect(0), elect(1)];
            let seen = await things.allEvents();
            for (const one of commands) {
              if (one.do === 'change') await things.change(ids[one.thing]!);
              else if (one.do === 'move') await things.move(ids[one.thing]!);
              else {
                events[one.leader]!.storedBeforeCrash = one.do === 'crash while storing' ? one.stored : Infinity;
                const mover = things.mover(one.do === 'crash before taking out' ? new CrashingOutboxes() : things.outboxes);
                if (one.do === 'elect') logs[one.leader] = elect(one.leader);
                else await mover.moveBatch(logs[one.leader]!).catch(() => undefined);
              }
              const now = await things.allEvents();
              expect(now.slice(0, seen.length)).toEqual(seen);
              seen = now;
            }
            await things.mover().moveBatch(new EventLog(things.events, 0, () => true));
            expect(await things.violations()).toEqual(noViolations);
          }),
          { numRuns: 30 },
        );
      }),
    60_000,
  );
});
