import { describe, expect, it } from '@jest/globals';
import type { MaintenanceClock } from '../maintenance/index.js';
import { JobClock } from './job-clock.js';
import type { JobStatus } from './jobs-lifecycle.js';

const at = (seconds: number): Date => new Date(seconds * 1_000);

/** A clock that shows 30 s, with so many of them under maintenance, and counts how often it is read. */
function clockOf(pausedMs: number): { clock: JobClock; reads: () => number } {
  let reads = 0;
  const reading = {
    now: at(30),
    pausedMs,
    isOver: (endsAt: Date, pausedMsThen: number) => endsAt.getTime() + pausedMs - pausedMsThen < at(30).getTime(),
  };
  const clock = { read: () => (reads++, Promise.resolve(reading)) } as unknown as MaintenanceClock;
  return { clock: new JobClock(clock), reads: () => reads };
}

const due = (dueAt: Date | null, more: { status?: JobStatus; duePausedMs?: number } = {}) => ({
  ...{ status: 'running' as JobStatus, dueAt, duePausedMs: 0, serverNow: at(30) },
  ...more,
});

describe('whether a job is overdue', () => {
  it('is told past its due time, until it has ended', async () => {
    const { clock } = clockOf(0);
    const jobs = [
      due(at(31)),
      due(at(30)),
      due(at(29)),
      due(at(29), { status: 'queued' }),
      due(at(29), { status: 'completed' }),
      due(null),
    ];
    expect(await clock.overdueAmong(jobs)).toEqual([false, false, true, true, false, false]);
  });

  it('leaves out maintenance since the due time was set', async () => {
    const { clock } = clockOf(10_000);
    const jobs = [due(at(25)), due(at(19)), due(at(25), { duePausedMs: 4_000 }), due(at(25), { duePausedMs: 10_000 })];
    expect(await clock.overdueAmong(jobs)).toEqual([false, true, false, true]);
  });

  it('is answered without a look at the clock where no due time has passed', async () => {
    const { clock, reads } = clockOf(0);
    await clock.overdueAmong([due(at(31)), due(null), due(at(1), { status: 'failed' })]);
    expect(await clock.isOverdue(due(null))).toBe(false);
    expect(reads()).toBe(0);
    expect(await clock.overdueAmong([due(at(1)), due(at(2)), due(null)])).toEqual([true, true, false]);
    expect(reads()).toBe(1);
  });
});

describe('a due time that is set', () => {
  it('is kept with the maintenance there has been', async () => {
    const { clock, reads } = clockOf(7_000);
    expect(await clock.anchored({ dueAt: at(40) })).toEqual({ dueAt: at(40), duePausedMs: 7_000 });
    expect(await clock.anchored({ dueAt: null })).toEqual({ dueAt: null });
    expect(await clock.anchored({})).toEqual({});
    expect(reads()).toBe(1);
  });
});
