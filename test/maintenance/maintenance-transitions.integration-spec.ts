import { describe, expect, it } from '@jest/globals';
import type { MaintenanceTransitions } from '../../src/maintenance/maintenance-transitions.js';
import type { MaintenanceDocument } from '../../src/maintenance/maintenance.schema.js';
import { kari, numbersOf, off, on, upTo, waiting, withSwitch } from './switch-replicas.js';

describe('what happens by itself', () => {
  const together = (transitions: MaintenanceTransitions[]) => Promise.all(transitions.flatMap((each) => [each.advance(), each.advance()]));
  const typesOf = (records: MaintenanceDocument[]) => records.map(({ outbox }) => outbox.map(({ type }) => type));
  const ago = (ms: number) => new Date(Date.now() - ms);

  it('becomes quiet once, with one event, however many replicas look', async () => {
    await withSwitch(async ({ replicas: [service], transitions, jobs, stored }) => {
      jobs.running = 1;
      const draining = await service!.set({ setting: on('Upgrade'), expected: '*' }, kari, waiting);
      expect(draining).toMatchObject({ mode: 'draining', quietAt: null });
      await together(transitions);
      jobs.running = 0;
      await together(transitions);
      const [record] = await stored();
      expect(typesOf([record!])).toEqual([['maintenance.on', 'maintenance.quiet']]);
      expect(record!.outbox[1]).toMatchObject({ version: 2, from: 'draining', to: 'quiet', reason: 'Upgrade', actor: { role: 'system' } });
      expect(record!.quietAt!.getTime()).toBeGreaterThanOrEqual(record!.at.getTime());
      const changed = await service!.set({ setting: on('Longer'), expected: 1 }, kari, waiting);
      expect(changed).toMatchObject({ mode: 'quiet', number: 2, quietAt: record!.quietAt });
      expect(await service!.set({ setting: off(), expected: 2 }, kari, waiting)).toMatchObject({ mode: 'off', quietAt: null });
    });
  });

  it('is quiet at once when nothing runs', async () => {
    await withSwitch(async ({ replicas: [service], stored }) => {
      const view = await service!.set({ setting: on('Upgrade'), expected: '*' }, kari, waiting);
      expect([view.mode, view.quietAt]).toEqual(['quiet', expect.any(Date)]);
      expect(typesOf(await stored())).toEqual([['maintenance.on', 'maintenance.quiet']]);
    });
  });

  it('is not quiet in the first 15 s of a pause while workers poll that claim nothing', async () => {
    await withSwitch(async ({ replicas: [service], transitions, oldWorkers, collection }) => {
      oldWorkers.polling = true;
      expect((await service!.set({ setting: on('Upgrade'), expected: '*' }, kari, waiting)).mode).toBe('draining');
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
      await service!.set({ setting: { ...setting, until: new Date(Date.now() + 60_000) }, expected: '*' }, kari, waiting);
      await together(transitions);
      expect(numbersOf(await stored())).toEqual([1]);
      await service!.add({ ...setting, until: ago(1) }, kari, waiting);
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
      await service!.add({ ...on('Upgrade'), until: ago(1) }, kari, waiting);
      await together(transitions);
      await together(transitions);
      expect(typesOf(await stored())).toEqual([['maintenance.on', 'maintenance.overdue']]);
      expect(await service!.view()).toMatchObject({ on: true, mode: 'draining' });
      await service!.add({ ...on('Longer'), until: ago(0) }, kari, waiting);
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
      const view = await service!.set({ setting: on('Upgrade'), expected: '*' }, kari, waiting);
      expect(Math.abs(view.estimatedQuietAt!.getTime() - Date.now() - 3_600_000)).toBeLessThan(5_000);
      jobs.running = 201;
      expect((await service!.view()).estimatedQuietAt).toBeNull();
    });
    await withSwitch(async ({ replicas: [service], jobs }) => {
      jobs.running = 1;
      expect((await service!.set({ setting: on('Upgrade'), expected: '*' }, kari, waiting)).estimatedQuietAt).toBeNull();
    });
  });
});

describe('the clock', () => {
  it('tells how long the switch was on since a time, also beyond a page of records', async () => {
    await withSwitch(async ({ replicas: [service], clock, collection }) => {
      expect(await clock(true).pausedMsSince(new Date(0))).toBe(0);
      for (const n of upTo(120)) await service!.add(n % 2 === 1 ? on(`${n}`) : off(), kari, waiting);
      const start = Date.now() - 1_000_000;
      for (const n of upTo(120)) await collection.updateOne({ number: n }, { $set: { at: new Date(start + n * 1_000) } });
      expect(await clock(true).pausedMsSince(new Date(start))).toBe(60_000);
      expect(await clock(true).pausedMsSince(new Date(start + 119_500))).toBe(500);
      expect(await clock(false).pausedMsSince(new Date(start))).toBe(0);
    });
  });
});
