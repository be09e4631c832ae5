import { describe, expect, it } from '@jest/globals';
import type { mongo } from 'mongoose';
import type { Caller } from '../../src/common/caller.js';
import { PreconditionFailedError, PreconditionRequiredError } from '../../src/common/errors/precondition.errors.js';
import { connectionOptions } from '../../src/database/connection-options.js';
import { DrainEstimate } from '../../src/maintenance/drain-estimate.js';
import { MaintenanceClock, MaintenanceGate, type RunningJobs } from '../../src/maintenance/index.js';
import { initialSetting, type MaintenanceSetting } from '../../src/maintenance/maintenance-lifecycle.js';
import { type MaintenanceDocument, maintenanceModel } from '../../src/maintenance/maintenance.schema.js';
import { MaintenanceStatus } from '../../src/maintenance/maintenance-status.js';
import { MaintenanceTransitions } from '../../src/maintenance/maintenance-transitions.js';
import { MaintenanceService } from '../../src/maintenance/maintenance.service.js';
import { MaintenanceStore } from '../../src/maintenance/maintenance.store.js';
import { withDatabase } from '../support/database.js';

const callerNamed = (name: string): Caller => ({
  actor: { id: `issuer|${name}`, name, role: 'pipeline', address: '127.0.0.1' },
  requestId: `request-of-${name}`,
});
const kari = callerNamed('kari');
const on = (reason: string | null): MaintenanceSetting => ({ ...initialSetting, on: true, reason });
const off = (reason: string | null = null): MaintenanceSetting => ({ ...initialSetting, reason });

class CountedJobs implements RunningJobs {
  running = 0;
  median: number | null = null;
  countRunning = (): Promise<number> => Promise.resolve(this.running);
  medianRunSeconds = (): Promise<number | null> => Promise.resolve(this.median);
  listRunning = (limit: number) =>
    Promise.resolve(
      Array.from({ length: Math.min(limit, this.running) }, (_, index) => ({
        jobId: `job-${index}`,
        datasetName: `DATASET_${index}`,
        operation: 'ADD',
        phase: null,
        percent: null,
        startedAt: new Date(),
      })),
    );
}

interface Parts {
  readonly replicas: MaintenanceService[];
  readonly transitions: MaintenanceTransitions[];
  readonly gate: MaintenanceGate;
  readonly jobs: CountedJobs;
  /** Workers of the original, which poll without claiming. */
  readonly oldWorkers: { polling: boolean };
  readonly clock: (stopsClocks: boolean) => MaintenanceClock;
  readonly collection: mongo.Collection<MaintenanceDocument>;
  readonly stored: () => Promise<MaintenanceDocument[]>;
}

/** The switch on an empty database; several instances stand for several replicas. */
async function withSwitch(work: (parts: Parts) => Promise<void>): Promise<void> {
  await withDatabase(async ({ connection }) => {
    const model = connection.model<MaintenanceDocument>(maintenanceModel.name, maintenanceModel.schema);
    connection.set('sanitizeFilter', true);
    await model.createCollection();
    await model.createIndexes();
    const store = new MaintenanceStore(model as never);
    const gate = new MaintenanceGate(store);
    const jobs = new CountedJobs();
    const oldWorkers = { polling: false };
    const polls = { secondsSinceLast: () => Promise.resolve(oldWorkers.polling ? 3 : null) };
    const status = new MaintenanceStatus(store, jobs, polls as never, new DrainEstimate(jobs));
    const transitions = [1, 2, 3].map(() => new MaintenanceTransitions(store, status));
    const replicas = transitions.map((each) => new MaintenanceService(store, gate, status, each));
    const clock = (maintenanceStopsClocks: boolean) => new MaintenanceClock(store, { maintenanceStopsClocks });
    const collection = model.collection as unknown as Parts['collection'];
    await work({
      replicas,
      gate,
      jobs,
      transitions,
      oldWorkers,
      clock,
      collection,
      stored: () => model.find().sort({ number: 1 }).lean<MaintenanceDocument[]>(),
    });
  });
}

const numbersOf = (records: readonly { number: number }[]): number[] => records.map((record) => record.number);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('the initial record', () => {
  it.each([8, 50])('is made once by %i parallel first reads', async (readers) => {
    await withSwitch(async ({ replicas, stored }) => {
      const seen = await Promise.all(
        Array.from({ length: readers }, async (_, index) => {
          const service = replicas[index % replicas.length]!;
          return index % 2 === 0 ? service.newestRecord() : (await service.allRecords())[0]!;
        }),
      );
      const records = await stored();
      expect(records).toHaveLength(1);
      expect(records[0]).toMatchObject({ number: 1, on: false, reason: 'Initial status inserted by job service at startup.', version: 1 });
      for (const record of seen) expect(record).toEqual(seen[0]);
    });
  });

  it('is not made by the gate or by the native view', async () => {
    await withSwitch(async ({ replicas, gate, stored }) => {
      expect(await gate.isPaused()).toBe(false);
      expect(await replicas[0]!.view()).toMatchObject({ number: 0, mode: 'off', on: false, reason: null, setBy: null, since: null });
      expect(await replicas[0]!.history({ limit: 50 })).toEqual({ items: [], nextCursor: null, prevCursor: null });
      expect(await stored()).toEqual([]);
    });
  });
});

describe('setting the switch', () => {
  it('makes one record with its event, and tells the mode from the running jobs', async () => {
    await withSwitch(async ({ replicas: [service], gate, jobs, stored }) => {
      jobs.running = 21;
      const until = new Date('2026-01-31T18:00:00Z');
      const view = await service!.set({ setting: { ...on('Upgrade'), ticket: 'CHG-1', until }, expected: 0 }, kari);
      expect(view).toMatchObject({
        number: 1,
        mode: 'draining',
        runningJobs: 21,
        reason: 'Upgrade',
        ticket: 'CHG-1',
        until,
        setBy: kari.actor,
      });
      expect(view.firstRunningJobs).toHaveLength(20);
      jobs.running = 0;
      expect(await service!.view()).toMatchObject({ mode: 'quiet', runningJobs: 0, since: view.since });
      expect(await gate.isPaused()).toBe(true);
      const [record] = await stored();
      expect(record!.outbox).toEqual([
        {
          version: 1,
          at: record!.at,
          type: 'maintenance.on',
          from: null,
          to: 'on',
          changes: { on: [false, true], reason: [null, 'Upgrade'], ticket: [null, 'CHG-1'], until: [null, until] },
          actor: kari.actor,
          reason: 'Upgrade',
          requestId: 'request-of-kari',
        },
      ]);
    });
  });

  it('keeps reason and beginning where they stay true, and names each event', async () => {
    await withSwitch(async ({ replicas: [service], stored }) => {
      const first = await service!.set({ setting: on('Upgrade'), expected: '*' }, kari);
      const second = await service!.set({ setting: on('Longer upgrade'), expected: 1 }, kari);
      expect(second.since).toEqual(first.since);
      const third = await service!.set({ setting: off(), expected: 2 }, kari);
      expect(third).toMatchObject({ number: 3, on: false, mode: 'off', reason: 'Longer upgrade' });
      await service!.set({ setting: off('Done'), expected: 3 }, kari);
      const records = await stored();
      expect(records.map((record) => record.outbox[0]!.type)).toEqual([
        'maintenance.on',
        'maintenance.changed',
        'maintenance.off',
        'maintenance.changed',
      ]);
      expect(records.map((record) => record.outbox[0]!.from)).toEqual([null, 'on', 'on', 'off']);
      expect(records[2]!.since).toEqual(records[2]!.at);
    });
  });

  it('keeps text that looks like an expression as text', async () => {
    await withSwitch(async ({ replicas: [service] }) => {
      await service!.set({ setting: { ...on('$reason'), ticket: '$$NOW' }, expected: '*' }, callerNamed('$setBy'));
      expect(await service!.view()).toMatchObject({ reason: '$reason', ticket: '$$NOW', setBy: { name: '$setBy' } });
    });
  });

  it('needs a number that was seen', async () => {
    await withSwitch(async ({ replicas: [service], stored }) => {
      await expect(service!.set({ setting: on('a'), expected: undefined }, kari)).rejects.toThrow(PreconditionRequiredError);
      expect(await stored()).toEqual([]);
    });
  });

  it('refuses another number with the state that is there and who made it', async () => {
    await withSwitch(async ({ replicas: [service], stored }) => {
      await service!.set({ setting: on('a'), expected: 0 }, kari);
      const late = service!.set({ setting: on('b'), expected: 0 }, callerNamed('ola'));
      await expect(late).rejects.toThrow(PreconditionFailedError);
      await expect(late).rejects.toMatchObject({
        details: { current: { status: 'on', version: 1 }, changedBy: { id: 'issuer|kari', name: 'kari' } },
      });
      expect(await stored()).toHaveLength(1);
    });
  });

  it('makes no record when nothing would change, whatever number is expected', async () => {
    await withSwitch(async ({ replicas: [service], stored }) => {
      expect(await service!.set({ setting: off(), expected: 7 }, kari)).toMatchObject({ number: 0 });
      const until = new Date();
      const first = await service!.set({ setting: { ...on('a'), until }, expected: '*' }, kari);
      for (const expected of [0, 1, 99, '*'] as const) {
        const again = await service!.set({ setting: { ...on('a'), until: new Date(until) }, expected }, callerNamed('ola'));
        expect(again).toEqual(first);
      }
      expect(await stored()).toHaveLength(1);
    });
  });

  it('lets one of 20 concurrent writers win who saw the same number', async () => {
    await withSwitch(async ({ replicas, stored }) => {
      const writers = upTo(20).map((n) => replicas[n % 3]!.set({ setting: on(`reason ${n}`), expected: 0 }, callerNamed(`writer-${n}`)));
      const outcomes = await Promise.allSettled(writers);
      const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
      expect(won).toHaveLength(1);
      for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(PreconditionFailedError);
      const records = await stored();
      expect(records.map(({ reason }) => reason)).toEqual([won[0]!.value.reason]);
    });
  });

  it('keeps every acknowledged record of concurrent writers of both surfaces once, with consecutive numbers', async () => {
    await withSwitch(async ({ replicas, stored }) => {
      const acknowledged = await Promise.all(
        upTo(40).map(async (n) => {
          const service = replicas[n % 3]!;
          const setting = n % 2 === 0 ? on(`reason ${n}`) : off(`reason ${n}`);
          const { number, reason } =
            n % 4 < 2 ? await service.add(setting, kari) : await service.set({ setting, expected: '*' }, callerNamed(`writer-${n}`));
          return { number, reason };
        }),
      );
      const records = await stored();
      expect(numbersOf(records)).toEqual(upTo(40));
      expect(records.map(({ number, reason }) => ({ number, reason }))).toEqual(acknowledged.sort((a, b) => a.number - b.number));
      records.forEach((record, index) => {
        const entry = record.outbox[0]!;
        expect(entry.from).toBe(index === 0 ? null : records[index - 1]!.on ? 'on' : 'off');
        expect(entry.to).toBe(record.on ? 'on' : 'off');
      });
    });
  });
});

describe('the compat surface of the switch', () => {
  it('adds a record also when nothing changes, and lists the newest first', async () => {
    await withSwitch(async ({ replicas: [service] }) => {
      for (const msg of ['a', 'b', 'b']) await service!.add(on(msg), kari);
      const records = await service!.allRecords();
      expect(numbersOf(records)).toEqual([3, 2, 1]);
      expect(await service!.newestRecord()).toEqual(records[0]);
    });
  });
});

describe('the history', () => {
  it('is paged from the newest to the oldest and back', async () => {
    await withSwitch(async ({ replicas: [service] }) => {
      for (const n of upTo(7)) await service!.add(on(`${n}`), kari);
      const first = await service!.history({ limit: 3, count: 'exact' });
      expect(numbersOf(first.items)).toEqual([7, 6, 5]);
      expect(first).toMatchObject({ prevCursor: null, count: { value: 7, exact: true } });
      await service!.add(on('8'), kari);
      const second = await service!.history({ limit: 3, cursor: first.nextCursor! });
      expect(numbersOf(second.items)).toEqual([4, 3, 2]);
      const third = await service!.history({ limit: 3, cursor: second.nextCursor! });
      expect(numbersOf(third.items)).toEqual([1]);
      expect(third.nextCursor).toBeNull();
      const back = await service!.history({ limit: 3, cursor: third.prevCursor! });
      expect(numbersOf(back.items)).toEqual([4, 3, 2]);
      const head = await service!.history({ limit: 30, cursor: back.prevCursor! });
      expect(numbersOf(head.items)).toEqual([8, 7, 6, 5]);
      expect(head.prevCursor).toBeNull();
    });
  });
});

describe('what happens by itself', () => {
  const together = (transitions: MaintenanceTransitions[]) => Promise.all(transitions.flatMap((each) => [each.advance(), each.advance()]));
  const typesOf = (records: MaintenanceDocument[]) => records.map(({ outbox }) => outbox.map(({ type }) => type));
  const ago = (ms: number) => new Date(Date.now() - ms);

  it('becomes quiet once, with one event, however many replicas look', async () => {
    await withSwitch(async ({ replicas: [service], transitions, jobs, stored }) => {
      jobs.running = 1;
      const draining = await service!.set({ setting: on('Upgrade'), expected: '*' }, kari);
      expect(draining).toMatchObject({ mode: 'draining', quietAt: null });
      await together(transitions);
      jobs.running = 0;
      await together(transitions);
      const [record] = await stored();
      expect(typesOf([record!])).toEqual([['maintenance.on', 'maintenance.quiet']]);
      expect(record!.outbox[1]).toMatchObject({ version: 2, from: 'draining', to: 'quiet', reason: 'Upgrade', actor: { role: 'system' } });
      expect(record!.quietAt!.getTime()).toBeGreaterThanOrEqual(record!.at.getTime());
      const changed = await service!.set({ setting: on('Longer'), expected: 1 }, kari);
      expect(changed).toMatchObject({ mode: 'quiet', number: 2, quietAt: record!.quietAt });
      expect(await service!.set({ setting: off(), expected: 2 }, kari)).toMatchObject({ mode: 'off', quietAt: null });
    });
  });

  it('is quiet at once when nothing runs', async () => {
    await withSwitch(async ({ replicas: [service], stored }) => {
      const view = await service!.set({ setting: on('Upgrade'), expected: '*' }, kari);
      expect([view.mode, view.quietAt]).toEqual(['quiet', expect.any(Date)]);
      expect(typesOf(await stored())).toEqual([['maintenance.on', 'maintenance.quiet']]);
    });
  });

  it('is not quiet in the first 15 s of a pause while workers poll that claim nothing', async () => {
    await withSwitch(async ({ replicas: [service], transitions, oldWorkers, collection }) => {
      oldWorkers.polling = true;
      expect((await service!.set({ setting: on('Upgrade'), expected: '*' }, kari)).mode).toBe('draining');
      await together(transitions);
      expect(await service!.view()).toMatchObject({ mode: 'draining', runningJobs: 0, quietAt: null });
      await collection.updateOne({}, [{ $set: { since: { $subtract: ['$$NOW', 15_000] } } }]);
      await together(transitions);
      expect(await service!.view()).toMatchObject({ mode: 'quiet', quietAt: expect.any(Date) });
    });
  });

  it('resumes once at the expected end, with autoResume, keeping the reason', async () => {
    await withSwitch(async ({ replicas: [service], transitions, stored }) => {
      const setting = { ...on('Upgrade'), autoResume: true, allow: { workers: ['w'], datasets: [] } };
      await service!.set({ setting: { ...setting, until: new Date(Date.now() + 60_000) }, expected: '*' }, kari);
      await together(transitions);
      expect(numbersOf(await stored())).toEqual([1]);
      await service!.set({ setting: { ...setting, until: ago(1) }, expected: '*' }, kari);
      await together(transitions);
      const records = await stored();
      expect(numbersOf(records)).toEqual([1, 2, 3]);
      expect(records[2]).toMatchObject({ on: false, reason: 'Upgrade', autoResume: false, until: null, setBy: { role: 'system' } });
      expect(typesOf(records)[2]).toEqual(['maintenance.off']);
    });
  });

  it('is overdue once behind the expected end, and stays on', async () => {
    await withSwitch(async ({ replicas: [service], transitions, jobs, stored }) => {
      jobs.running = 1;
      await service!.set({ setting: { ...on('Upgrade'), until: ago(1) }, expected: '*' }, kari);
      await together(transitions);
      await together(transitions);
      expect(typesOf(await stored())).toEqual([['maintenance.on', 'maintenance.overdue']]);
      expect(await service!.view()).toMatchObject({ on: true, mode: 'draining' });
      await service!.set({ setting: { ...on('Longer'), until: ago(0) }, expected: '*' }, kari);
      await together(transitions);
      expect(typesOf(await stored())[1]).toEqual(['maintenance.changed', 'maintenance.overdue']);
    });
  });
});

describe('the estimate of the end', () => {
  it('is the latest usual end of the running jobs, and null when the history of one is too short', async () => {
    await withSwitch(async ({ replicas: [service], jobs }) => {
      jobs.running = 2;
      jobs.median = 3_600;
      expect(await service!.view()).toMatchObject({ estimatedQuietAt: null });
      const view = await service!.set({ setting: on('Upgrade'), expected: '*' }, kari);
      expect(Math.abs(view.estimatedQuietAt!.getTime() - Date.now() - 3_600_000)).toBeLessThan(5_000);
      jobs.running = 201;
      expect((await service!.view()).estimatedQuietAt).toBeNull();
    });
    await withSwitch(async ({ replicas: [service], jobs }) => {
      jobs.running = 1;
      expect((await service!.set({ setting: on('Upgrade'), expected: '*' }, kari)).estimatedQuietAt).toBeNull();
    });
  });
});

describe('the clock', () => {
  it('tells how long the switch was on since a time, also beyond a page of records', async () => {
    await withSwitch(async ({ replicas: [service], clock, collection }) => {
      expect(await clock(true).pausedMsSince(new Date(0))).toBe(0);
      for (const n of upTo(120)) await service!.add(n % 2 === 1 ? on(`${n}`) : off(), kari);
      const start = Date.now() - 1_000_000;
      for (const n of upTo(120)) await collection.updateOne({ number: n }, { $set: { at: new Date(start + n * 1_000) } });
      expect(await clock(true).pausedMsSince(new Date(start))).toBe(60_000);
      expect(await clock(true).pausedMsSince(new Date(start + 119_500))).toBe(500);
      expect(await clock(false).pausedMsSince(new Date(start))).toBe(0);
    });
  });
});

describe('the collection', () => {
  it('serves newest record and pages from the index of the number', async () => {
    await withDatabase(async ({ connection }) => {
      const model = connection.model<MaintenanceDocument>(maintenanceModel.name, maintenanceModel.schema);
      await model.createIndexes();
      const plan = JSON.stringify(await model.find().sort({ number: -1 }).limit(1).explain('queryPlanner'));
      expect(plan).toContain('"indexName":"number"');
      expect(plan).not.toMatch(/"stage":"(SORT|COLLSCAN)"/);
      expect(connectionOptions.readConcern.level).toBe('majority');
    });
  });
});
