import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { EventConsumer } from '../../src/events/consumers/event-consumer.js';
import { EventConsumers } from '../../src/events/consumers/event-consumers.js';
import { type ConsumerPosition, positionModel } from '../../src/events/consumers/positions.schema.js';
import { PositionsStore } from '../../src/events/consumers/positions.store.js';
import type { StoredEvent } from '../../src/events/events.schema.js';
import type { LeaderTiming } from '../../src/events/leader-task.js';
import { withDatabase } from '../support/database.js';
import { eventually } from './eventually.js';
import { quickTiming, RelayedThings } from './relayed-things.js';

interface Scene {
  /** Stores events of a topic, as the relay does, with the next numbers. */
  readonly store: (topic: string, count: number) => Promise<void>;
  /** A replica with one consumer; started. */
  readonly replica: (consumer: EventConsumer, options?: { timing?: Partial<LeaderTiming>; positions?: PositionsStore }) => EventConsumers;
  readonly positions: PositionsStore;
  readonly model: ConstructorParameters<typeof PositionsStore>[0];
}

async function withConsumers(work: (scene: Scene) => Promise<void>): Promise<void> {
  await withDatabase(async ({ connection }) => {
    const things = new RelayedThings(connection);
    const model = connection.model<ConsumerPosition>(positionModel.name, positionModel.schema);
    await things.prepare();
    const replicas: EventConsumers[] = [];
    let seq = 0;
    const positions = new PositionsStore(model);
    const scene: Scene = {
      positions,
      model,
      store: async (topic, count) => {
        await things.events.append(Array.from({ length: count }, () => eventOf(topic, ++seq)));
      },
      replica: (consumer, options = {}) => {
        const timing = { ...quickTiming, ...options.timing };
        const stores = [things.events, options.positions ?? positions, things.leases] as const;
        const replica = new EventConsumers({ ready: Promise.resolve() }, ...stores, things.waker(), timing);
        replica.register(consumer);
        replica.onApplicationBootstrap();
        replicas.push(replica);
        return replica;
      },
    };
    try {
      await work(scene);
    } finally {
      await Promise.all(replicas.map((replica) => replica.beforeApplicationShutdown()));
      await things.close();
    }
  });
}

const actor = { id: 'a', name: 'a', role: 'system', address: null } as const;

function eventOf(topic: string, seq: number): StoredEvent {
  const change = { version: 1, at: new Date(), type: `${topic}.created`, from: null, to: 'new', changes: {}, actor, reason: null };
  const about = { documentId: `d-${seq}`, subject: `${topic}s/${seq}`, topic, dataset: null, data: {} };
  return { ...about, ...change, requestId: 'r', seq };
}

/** A consumer that notes the numbers that it got. */
function noting(seen: number[], name = 'noter'): EventConsumer {
  return { name, topics: ['job'], handle: async (events) => void seen.push(...events.map(({ seq }) => seq)) };
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

beforeAll(() => Logger.overrideLogger(false));
afterAll(() => Logger.overrideLogger(['log', 'warn', 'error']));

describe('EventConsumers', () => {
  it('give each event of the topics once and in order, to one of two replicas, in batches', () =>
    withConsumers(async ({ store, replica, positions }) => {
      const seen: number[] = [];
      const sizes: number[] = [];
      const consumer: EventConsumer = {
        ...noting(seen),
        batchSize: 7,
        handle: async (events) => {
          sizes.push(events.length);
          seen.push(...events.map(({ seq }) => seq));
        },
      };
      await store('job', 30);
      replica(consumer);
      replica(consumer);
      await store('worker', 5);
      await store('job', 30);
      await eventually(() => seen.length >= 60);
      expect(seen).toEqual([...upTo(30), ...upTo(30).map((seq) => seq + 35)]);
      expect(Math.max(...sizes)).toBe(7);
      await eventually(async () => (await positions.find('noter')) === 65);
    }));

  it('give an event again when the process died between handling it and noting that', () =>
    withConsumers(async ({ store, replica, positions, model }) => {
      const [first, second]: number[][] = [[], []];
      class DeadPositions extends PositionsStore {
        override advance(): Promise<void> {
          return new Promise(() => undefined);
        }
      }
      const dead = replica(noting(first!), { positions: new DeadPositions(model), timing: { leaseMs: 500 } });
      await store('job', 3);
      await eventually(() => first!.length === 3);
      const [entry] = [...(dead as unknown as { registered: Map<string, { run: { task: { keeper: object } } }> }).registered.values()];
      Object.assign(entry!.run.task.keeper, { renew: async () => undefined }); // its process is dead
      replica(noting(second!), { timing: { leaseMs: 500 } });
      await eventually(() => second!.length === 3);
      expect(second).toEqual(first);
      await eventually(async () => (await positions.find('noter')) === 3);
    }));

  it('give the same events again after a failure, but for those that the consumer called done, and no later ones meanwhile', () =>
    withConsumers(async ({ store, replica, positions }) => {
      const calls: number[][] = [];
      const consumer: EventConsumer = {
        name: 'failing',
        topics: ['job'],
        handle: async (events, { done }) => {
          calls.push(events.map(({ seq }) => seq));
          if (calls.length === 1) done(events[0]!);
          if (calls.length < 3) throw new Error('not now');
        },
      };
      await store('job', 3);
      const consumers = replica(consumer);
      await eventually(async () => (await positions.find('failing')) === 3);
      expect(calls).toEqual([
        [1, 2, 3],
        [2, 3],
        [2, 3],
      ]);
      await eventually(async () => (await consumers.status()).get('failing')!.lastError === null);
    }));

  it('tell how far a consumer is behind and what it failed with', () =>
    withConsumers(async ({ store, replica }) => {
      const consumers = replica({ name: 'stuck', topics: ['job'], handle: () => Promise.reject(new Error('the other side is away')) });
      await store('worker', 1);
      await store('job', 4);
      await eventually(async () => (await consumers.status()).get('stuck')!.lastError !== null);
      await sleep(20);
      const status = (await consumers.status()).get('stuck')!;
      expect(status).toMatchObject({ leader: true, position: 0, pending: 4, lastError: 'the other side is away' });
      expect(status.lagSeconds).toBeGreaterThan(0);
    }));

  it('begin with the oldest event, or, where a consumer wants that, behind the newest of its first beginning', () =>
    withConsumers(async ({ store, replica, positions }) => {
      const [oldest, newest]: number[][] = [[], []];
      await store('job', 3);
      replica(noting(oldest!, 'from-oldest'));
      const late: EventConsumer = { ...noting(newest!, 'from-newest'), beginsAt: 'newest' };
      const first = replica(late);
      await eventually(async () => (await positions.find('from-newest')) === 3);
      await first.beforeApplicationShutdown();
      await store('job', 2);
      replica(late);
      await eventually(() => oldest!.length === 5 && newest!.length === 2);
      expect(newest).toEqual([4, 5]);
    }));

  it('are woken by an event, long before the poll, and find it by the poll when nothing wakes them', () =>
    withConsumers(async ({ store, replica }) => {
      const [woken, polling]: number[][] = [[], []];
      const first = replica(noting(woken!, 'woken'), { timing: { pollMs: 60_000 } });
      replica(noting(polling!, 'polling'), { timing: { pollMs: 20 } });
      await eventually(async () => (await first.status()).get('woken')!.leader);
      await sleep(200);
      await store('job', 1);
      await eventually(() => woken!.length === 1 && polling!.length === 1, 5_000);
    }));

  it('hand over at once when they are stopped, with the batch that is being handled finished', () =>
    withConsumers(async ({ store, replica }) => {
      const [first, second]: number[][] = [[], []];
      let release: (() => void) | undefined;
      const slow: EventConsumer = {
        ...noting(first!),
        handle: async (events) => {
          await new Promise<void>((resolve) => (release = resolve));
          first!.push(...events.map(({ seq }) => seq));
        },
      };
      const stopping = replica(slow, { timing: { leaseMs: 60_000 } });
      await store('job', 1);
      await eventually(() => release !== undefined); // it handles the batch
      replica(noting(second!), { timing: { leaseMs: 60_000 } });
      const stopped = stopping.beforeApplicationShutdown();
      await sleep(50);
      release!();
      await stopped;
      await store('job', 1);
      await eventually(() => first!.length + second!.length >= 2);
      expect([first, second]).toEqual([[1], [2]]);
    }));

  it('refuse a name that is taken', () =>
    withConsumers(async ({ replica }) => {
      expect(() => replica(noting([])).register(noting([]))).toThrow('registered twice');
    }));
});
