import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createIndexes } from '../../src/database/indexes.js';
import { LeaseKeeper } from '../../src/database/lease-keeper.js';
import { leaseModel, type LeaseDocument } from '../../src/database/lease.schema.js';
import { LeaseStore } from '../../src/database/lease.store.js';
import { withDatabase } from '../support/database.js';

const withLeases = (work: (store: LeaseStore) => Promise<void>) =>
  withDatabase(async ({ connection }) => {
    const store = new LeaseStore(connection.model<LeaseDocument>(leaseModel.name, leaseModel.schema));
    await createIndexes(connection);
    await work(store);
  });
const claim = (token: string, durationMs = 10_000) => ({ name: 'job', holder: `holder of ${token}`, token, durationMs });

describe('LeaseStore', () => {
  it('makes a lease once, however many ask at the same time', () =>
    withLeases(async (store) => {
      await Promise.all(Array.from({ length: 20 }, () => store.ensure('job')));
      expect(await store.acquire(claim('a'))).toMatchObject({ holder: 'holder of a', token: 'a', seq: 0 });
    }));

  it('gives a lease to one of many that ask at the same time', () =>
    withLeases(async (store) => {
      await store.ensure('job');
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => store.acquire(claim(`${index}`))));
      expect(answers.filter((answer) => answer !== null)).toHaveLength(1);
    }));

  it('gives no lease that was never made', () => withLeases(async (store) => expect(await store.acquire(claim('a'))).toBeNull()));

  it('gives a lease to the next when its time is over, and then no longer renews it for the first', () =>
    withLeases(async (store) => {
      await store.ensure('job');
      await store.acquire(claim('a', 50));
      expect(await store.acquire(claim('b'))).toBeNull();
      await sleep(80);
      expect(await store.acquire(claim('b'))).toMatchObject({ token: 'b' });
      expect(await store.renew(claim('a'), 1)).toBe(false);
      expect(await store.release(claim('a'), 1)).toBe(false);
      expect(await store.acquire(claim('c'))).toBeNull();
    }));

  it('renews a lease whose time is over while nobody took it', () =>
    withLeases(async (store) => {
      await store.ensure('job');
      await store.acquire(claim('a', 1));
      await sleep(20);
      expect(await store.renew(claim('a'), 0)).toBe(true);
      expect(await store.acquire(claim('b'))).toBeNull();
    }));

  it('gives a released lease at once, with the greatest number that was noted', () =>
    withLeases(async (store) => {
      await store.ensure('job');
      await store.acquire(claim('a'));
      await store.renew(claim('a'), 7);
      expect(await store.release(claim('a'), 5)).toBe(true);
      expect(await store.acquire(claim('b'))).toMatchObject({ token: 'b', seq: 7 });
    }));

  it('takes a holder whose name is an expression as text', () =>
    withLeases(async (store) => {
      await store.ensure('job');
      expect(await store.acquire({ ...claim('$name'), holder: '$seq' })).toMatchObject({ holder: '$seq', token: '$name' });
    }));
});

describe('LeaseKeeper', () => {
  const keeperOf = (store: LeaseStore, durationMs: number) => new LeaseKeeper(store, { name: 'job', holder: 'keeper', durationMs });

  it('holds the lease beyond its duration by renewing it', () =>
    withLeases(async (store) => {
      const [first, second] = [keeperOf(store, 300), keeperOf(store, 300)];
      expect(await first.acquire()).not.toBeNull();
      await sleep(700);
      expect(first.held).toBe(true);
      expect(await second.acquire()).toBeNull();
      await first.release();
      expect(first.held).toBe(false);
      expect(await second.acquire()).not.toBeNull();
      await second.release();
    }));

  it('does not believe in the lease any more when it could not be renewed in time', () =>
    withLeases(async (store) => {
      class SilentStore extends LeaseStore {
        override renew(): Promise<boolean> {
          return Promise.reject(new Error('away'));
        }
      }
      const silent = new SilentStore((store as unknown as { model: never }).model);
      const [first, second] = [keeperOf(silent, 200), keeperOf(store, 200)];
      await first.acquire();
      expect(first.held).toBe(true);
      await sleep(220);
      expect(first.held).toBe(false);
      expect(await second.acquire()).not.toBeNull();
      await first.release();
      expect(second.held).toBe(true);
      await second.release();
    }));

  it('loses the lease when another process has taken it', () =>
    withLeases(async (store) => {
      const keeper = keeperOf(store, 200);
      await keeper.acquire();
      await store.release({ name: 'job', token: (await tokenOf(store))! }, 0);
      await store.acquire(claim('thief'));
      await sleep(100);
      expect(keeper.held).toBe(false);
      await keeper.release();
      expect(await store.renew(claim('thief'), 0)).toBe(true);
    }));

  it('hands the noted number to the next', () =>
    withLeases(async (store) => {
      const keeper = keeperOf(store, 10_000);
      await keeper.acquire();
      keeper.note(12);
      keeper.note(11);
      await keeper.release();
      expect(await store.acquire(claim('next'))).toMatchObject({ seq: 12 });
    }));
});

async function tokenOf(store: LeaseStore): Promise<string | undefined> {
  const { model } = store as unknown as { model: { collection: { findOne(filter: object): Promise<LeaseDocument | null> } } };
  return (await model.collection.findOne({ _id: 'job' }))?.token ?? undefined;
}
