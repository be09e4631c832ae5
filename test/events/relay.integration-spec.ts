import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import mongoose from 'mongoose';
import { EventLog } from '../../src/events/event-log.js';
import { EventsStore } from '../../src/events/events.store.js';
import { OutboxStore } from '../../src/events/outbox.store.js';
import type { Relay } from '../../src/events/relay.js';
import { RelayMonitor } from '../../src/events/relay-monitor.js';
import { withDatabase } from '../support/database.js';
import { eventually } from './eventually.js';
import { noViolations, RelayedThings } from './relayed-things.js';

/** Things in a database of their own, and relays that are stopped at the end. */
async function withRelays(work: (things: RelayedThings, start: (relay: Relay) => Relay) => Promise<void>): Promise<void> {
  await withDatabase(async ({ connection }) => {
    const things = new RelayedThings(connection);
    await things.prepare();
    const relays: Relay[] = [];
    try {
      await work(things, (relay) => {
        relays.push(relay);
        relay.onApplicationBootstrap();
        return relay;
      });
    } finally {
      await Promise.all(relays.map((relay) => relay.beforeApplicationShutdown()));
      await things.close();
    }
  });
}

/** Reads events as the live stream does, by number, until it is told to end. */
async function follow(things: RelayedThings, ended: () => boolean): Promise<string[]> {
  const collection = things.eventModel.collection;
  const seen: string[] = [];
  for (let last = 0, atEnd = false; !atEnd; await sleep(2)) {
    atEnd = ended();
    const fresh = await collection.find({ seq: { $gt: last } }, { sort: { seq: 1 } }).toArray();
    for (const { documentId, version } of fresh) seen.push(`${documentId}:${version}`);
    last = fresh.at(-1)?.['seq'] ?? last;
  }
  return seen;
}

/** Twenty writers that create, change and close things. */
async function writeInParallel(things: RelayedThings, rounds: number): Promise<void> {
  const write = async () => {
    for (let round = 0; round < rounds; round++) {
      const id = await things.create();
      for (let change = 0; change < 4; change++) await things.change(id);
      await things.move(id);
    }
  };
  await Promise.all(Array.from({ length: 20 }, write));
}

const allMoved = (things: RelayedThings) => async () => (await things.allThings()).every(({ outbox }) => outbox.length === 0);

beforeAll(() => Logger.overrideLogger(false));
afterAll(() => Logger.overrideLogger(['log', 'warn', 'error']));

describe('Relay', () => {
  it(
    'makes each change of twenty writers one event, seen by a follower in order, while things move between collections',
    () =>
      withRelays(async (things, start) => {
        start(things.relay());
        start(things.relay());
        let ended = false;
        const following = follow(things, () => ended);
        await writeInParallel(things, 8);
        await eventually(allMoved(things));
        ended = true;
        const stored = (await things.allEvents()).map(({ documentId, version }) => `${documentId}:${version}`);
        expect(await following).toEqual(stored);
        expect(stored).toHaveLength(20 * 8 * 6);
        expect(await things.violations()).toEqual(noViolations);
      }),
    60_000,
  );

  it(
    'keeps this when two leaders work at once and each believes it is the only one',
    () =>
      withRelays(async (things) => {
        let ended = false;
        const following = follow(things, () => ended);
        const leader = async () => {
          const mover = things.mover();
          const elect = () => new EventLog(things.events, 0, () => true);
          for (let log = elect(); !ended; await sleep(1)) if ((await mover.moveBatch(log)).kind === 'lost') log = elect();
        };
        const leaders = [leader(), leader()];
        await writeInParallel(things, 4);
        await eventually(allMoved(things));
        ended = true;
        await Promise.all(leaders);
        const stored = (await things.allEvents()).map(({ documentId, version }) => `${documentId}:${version}`);
        expect(await following).toEqual(stored);
        expect(await things.violations()).toEqual(noViolations);
      }),
    60_000,
  );

  it('leads in one process at a time', () =>
    withRelays(async (things, start) => {
      const relays = [start(things.relay()), start(things.relay()), start(things.relay())];
      await eventually(() => relays.some((relay) => relay.leader));
      for (let look = 0; look < 20; look++, await sleep(20)) expect(relays.filter((relay) => relay.leader)).toHaveLength(1);
    }));

  it('is woken by a change, long before the poll', () =>
    withRelays(async (things, start) => {
      const relay = start(things.relay({ pollMs: 60_000 }));
      await eventually(() => relay.leader);
      await sleep(200);
      await things.create();
      await eventually(async () => (await things.allEvents()).length === 1, 1_000);
    }));

  it('finds changes by its poll when nothing wakes it', () =>
    withRelays(async (things, start) => {
      const waker = { subscribe: () => () => undefined, beforeApplicationShutdown: async () => undefined };
      const relay = start(things.relay({ pollMs: 50 }, { waker: waker as never }));
      await eventually(() => relay.leader);
      await things.create();
      await eventually(async () => (await things.allEvents()).length === 1);
    }));

  it('hands over at once when it is stopped', () =>
    withRelays(async (things, start) => {
      const first = start(things.relay({ leaseMs: 60_000 }));
      await eventually(() => first.leader);
      const second = start(things.relay({ leaseMs: 60_000 }));
      await things.create();
      await eventually(async () => (await things.allEvents()).length === 1);
      await first.beforeApplicationShutdown();
      expect(first.leader).toBe(false);
      await eventually(() => second.leader, 2_000);
      await things.create();
      await eventually(async () => (await things.allEvents()).length === 2);
      expect((await things.allEvents()).map(({ seq }) => seq)).toEqual([1, 2]);
    }));

  it(
    'is taken over when the leader vanished between storing and taking out, without a double',
    () =>
      withRelays(async (things, start) => {
        const vanished = new Promise<never>(() => undefined);
        class VanishedOutboxes extends OutboxStore {
          override removeRelayed(): Promise<void> {
            return vanished;
          }
        }
        const first = start(things.relay({ leaseMs: 600 }, { outboxes: new VanishedOutboxes() }));
        await things.create();
        await eventually(async () => (await things.allEvents()).length === 1);
        Object.assign((first as unknown as { task: { keeper: object } }).task.keeper, { renew: async () => undefined }); // its process is dead
        const second = start(things.relay({ leaseMs: 600 }));
        expect(second.leader).toBe(false);
        await eventually(() => second.leader, 5_000);
        await things.create();
        await eventually(allMoved(things));
        expect(await things.violations()).toEqual(noViolations);
      }),
    20_000,
  );

  it('notes the last number in the lease, and goes on behind it when the newest events are gone', () =>
    withRelays(async (things, start) => {
      const first = start(things.relay());
      await things.create();
      await things.create();
      await eventually(async () => (await things.allEvents()).length === 2);
      await first.beforeApplicationShutdown();
      expect(await things.lease()).toMatchObject({ seq: 2, token: null, expiresAt: null });
      await things.eventModel.collection.deleteMany({});
      start(things.relay());
      await things.create();
      await eventually(async () => (await things.allEvents()).length === 1);
      expect((await things.allEvents())[0]!.seq).toBe(3);
    }));

  it('goes on after the database was away, and says meanwhile what is wrong', () =>
    withRelays(async (things, start) => {
      let away = false;
      class AwayOutboxes extends OutboxStore {
        override findOldest(...parameters: Parameters<OutboxStore['findOldest']>): ReturnType<OutboxStore['findOldest']> {
          if (away) return Promise.reject(new mongoose.mongo.MongoNetworkError('connection refused'));
          return super.findOldest(...parameters);
        }
      }
      const relay = start(things.relay({}, { outboxes: new AwayOutboxes() }));
      await eventually(() => relay.leader);
      away = true;
      await eventually(() => relay.lastError === 'connection refused');
      await things.create();
      expect(relay.leader).toBe(true);
      away = false;
      await eventually(async () => (await things.allEvents()).length === 1);
      await eventually(() => relay.lastError === null);
    }));

  it('stands for election again when it meets the number of another leader', () =>
    withRelays(async (things, start) => {
      let foreign = false;
      class RivalledEvents extends EventsStore {
        override async append(...[events]: Parameters<EventsStore['append']>): ReturnType<EventsStore['append']> {
          if (foreign) await super.append([{ ...events[0]!, documentId: 'of the other leader', version: 1 }]);
          foreign = false;
          return super.append(events);
        }
      }
      const relay = start(things.relay({}, { events: new RivalledEvents(things.eventModel) }));
      await eventually(() => relay.leader);
      foreign = true;
      const id = await things.create();
      await eventually(allMoved(things));
      expect((await things.allEvents()).map(({ documentId }) => documentId)).toEqual(['of the other leader', id]);
      await eventually(() => relay.leader);
    }));

  it('stops quickly while the database is still being waited for', async () => {
    await withDatabase(async ({ connection }) => {
      const relay = new RelayedThings(connection).relay({}, { ready: new Promise(() => undefined) });
      relay.onApplicationBootstrap();
      const startedAt = performance.now();
      await relay.beforeApplicationShutdown();
      expect(performance.now() - startedAt).toBeLessThan(500);
    });
  });
});

describe('RelayMonitor', () => {
  it('tells how many documents wait and for how long', () =>
    withRelays(async (things) => {
      const monitor = new RelayMonitor(things.relay(), things.registry, things.outboxes);
      expect(await monitor.status()).toEqual({ leader: false, pending: 0, lagSeconds: 0, lastError: null });
      await things.create();
      await things.move(await things.create());
      await sleep(1_050);
      const status = await monitor.status();
      expect(status).toMatchObject({ pending: 2 });
      expect(status.lagSeconds).toBeGreaterThan(1);
      expect(status.lagSeconds).toBeLessThan(10);
    }));

  it('answers without a lag when the database cannot be asked', () =>
    withRelays(async (things) => {
      class AwayOutboxes extends OutboxStore {
        override measure(): Promise<never> {
          return Promise.reject(new Error('away'));
        }
      }
      const status = await new RelayMonitor(things.relay(), things.registry, new AwayOutboxes()).status();
      expect(status).toEqual({ leader: false, pending: 0, lagSeconds: null, lastError: null });
    }));
});
