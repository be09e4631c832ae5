import { describe, expect, it } from '@jest/globals';
import { PreconditionFailedError, PreconditionRequiredError } from '../../src/common/errors/precondition.errors.js';
import { ServiceUnavailableError } from '../../src/common/errors/service.errors.js';
import { connectionOptions } from '../../src/database/connection-options.js';
import { type MaintenanceDocument, maintenanceModel } from '../../src/maintenance/maintenance.schema.js';
import { withDatabase } from '../support/database.js';
import { callerNamed, kari, numbersOf, off, on, upTo, waiting, withSwitch } from './switch-replicas.js';

describe('the initial record', () => {
  it.each([8, 50])('is made once by %i parallel first reads', async (readers) => {
    await withSwitch(async ({ replicas, stored }) => {
      const seen = await Promise.all(
        Array.from({ length: readers }, async (_, index) => {
          const service = replicas[index % replicas.length]!;
          return index % 2 === 0 ? service.newestRecord(waiting) : (await service.allRecords(waiting))[0]!;
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
      const until = new Date('2126-01-31T18:00:00Z');
      const view = await service!.set({ setting: { ...on('Upgrade'), ticket: 'CHG-1', until }, expected: 0 }, kari, waiting);
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
      const first = await service!.set({ setting: on('Upgrade'), expected: '*' }, kari, waiting);
      const second = await service!.set({ setting: on('Longer upgrade'), expected: 1 }, kari, waiting);
      expect(second.since).toEqual(first.since);
      const third = await service!.set({ setting: off(), expected: 2 }, kari, waiting);
      expect(third).toMatchObject({ number: 3, on: false, mode: 'off', reason: 'Longer upgrade' });
      await service!.set({ setting: off('Done'), expected: 3 }, kari, waiting);
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
      await service!.set({ setting: { ...on('$reason'), ticket: '$$NOW' }, expected: '*' }, callerNamed('$setBy'), waiting);
      expect(await service!.view()).toMatchObject({ reason: '$reason', ticket: '$$NOW', setBy: { name: '$setBy' } });
    });
  });

  it('needs a number that was seen', async () => {
    await withSwitch(async ({ replicas: [service], stored }) => {
      await expect(service!.set({ setting: on('a'), expected: undefined }, kari, waiting)).rejects.toThrow(PreconditionRequiredError);
      expect(await stored()).toEqual([]);
    });
  });

  it('refuses another number with the state that is there and who made it', async () => {
    await withSwitch(async ({ replicas: [service], stored }) => {
      await service!.set({ setting: on('a'), expected: 0 }, kari, waiting);
      const late = service!.set({ setting: on('b'), expected: 0 }, callerNamed('ola'), waiting);
      await expect(late).rejects.toThrow(PreconditionFailedError);
      await expect(late).rejects.toMatchObject({
        details: { current: { status: 'on', version: 1 }, changedBy: { id: 'issuer|kari', name: 'kari' } },
      });
      expect(await stored()).toHaveLength(1);
    });
  });

  it('makes no record when nothing would change, whatever number is expected', async () => {
    await withSwitch(async ({ replicas: [service], stored }) => {
      expect(await service!.set({ setting: off(), expected: 7 }, kari, waiting)).toMatchObject({ number: 0 });
      const until = new Date(Date.now() + 60_000);
      const first = await service!.set({ setting: { ...on('a'), until }, expected: '*' }, kari, waiting);
      for (const expected of [0, 1, 99, '*'] as const) {
        const again = await service!.set({ setting: { ...on('a'), until: new Date(until) }, expected }, callerNamed('ola'), waiting);
        expect(again).toEqual(first);
      }
      expect(await stored()).toHaveLength(1);
    });
  });

  it('refuses a new expected end that is over, and keeps one that was set before', async () => {
    await withSwitch(async ({ replicas: [service], stored }) => {
      const until = new Date(Date.now() - 1_000);
      const late = service!.set({ setting: { ...on('a'), until }, expected: '*' }, kari, waiting);
      await expect(late).rejects.toMatchObject({ errors: [{ pointer: '/until', code: 'past', message: 'until must be in the future' }] });
      await service!.add({ ...on('a'), until }, kari, waiting);
      await service!.set({ setting: { ...on('longer reason'), until }, expected: '*' }, kari, waiting);
      expect(numbersOf(await stored())).toEqual([1, 2]);
    });
  });

  it('lets a caller that does not wait any more lose its turn', async () => {
    await withSwitch(async ({ replicas: [service], stored }) => {
      const gone = AbortSignal.abort();
      await expect(service!.set({ setting: on('a'), expected: '*' }, kari, gone)).rejects.toThrow(ServiceUnavailableError);
      await expect(service!.add(on('a'), kari, gone)).rejects.toThrow(ServiceUnavailableError);
      expect(await stored()).toEqual([]);
    });
  });

  it('answers 503 to writers beyond the 200 that may wait, and writes the rest', async () => {
    await withSwitch(async ({ replicas: [service], stored }) => {
      const outcomes = await Promise.allSettled(upTo(260).map((n) => service!.add(on(`reason ${n}`), kari, waiting)));
      const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(refused).toHaveLength(59); // one has its turn, 200 wait
      for (const { reason } of refused) expect(reason).toBeInstanceOf(ServiceUnavailableError);
      expect(numbersOf(await stored())).toEqual(upTo(201));
    });
  });

  it('lets one of 20 concurrent writers win who saw the same number', async () => {
    await withSwitch(async ({ replicas, stored }) => {
      const writers = upTo(20).map((n) =>
        replicas[n % 3]!.set({ setting: on(`reason ${n}`), expected: 0 }, callerNamed(`writer-${n}`), waiting),
      );
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
            n % 4 < 2
              ? await service.add(setting, kari, waiting)
              : await service.set({ setting, expected: '*' }, callerNamed(`writer-${n}`), waiting);
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
      for (const msg of ['a', 'b', 'b']) await service!.add(on(msg), kari, waiting);
      const records = await service!.allRecords(waiting);
      expect(numbersOf(records)).toEqual([3, 2, 1]);
      expect(await service!.newestRecord(waiting)).toEqual(records[0]);
    });
  });
});

describe('the history', () => {
  it('is paged from the newest to the oldest and back', async () => {
    await withSwitch(async ({ replicas: [service] }) => {
      for (const n of upTo(7)) await service!.add(on(`${n}`), kari, waiting);
      const first = await service!.history({ limit: 3, count: 'exact' });
      expect(numbersOf(first.items)).toEqual([7, 6, 5]);
      expect(first).toMatchObject({ prevCursor: null, count: { value: 7, exact: true } });
      await service!.add(on('8'), kari, waiting);
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
