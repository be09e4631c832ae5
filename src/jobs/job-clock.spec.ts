import { describe, expect, it } from '@jest/globals';
import type { ClockReading, MaintenanceClock } from '../maintenance/index.js';
import { JobClock } from './job-clock.js';
import type { JobStatus } from './jobs-lifecycle.js';

const at = (seconds: number): Date => new Date(seconds * 1_000);

/** Whether a job is overdue 30 s after the beginning of time, of which some were under maintenance. */
async function isOverdue(job: { status?: JobStatus; dueAt: Date | null; duePausedMs?: number }, pausedSeconds = 0): Promise<boolean> {
  const isOver = (end: Date, pausedMs: number) => end.getTime() + pausedSeconds * 1_000 - pausedMs < at(30).getTime();
  const clock = { read: async () => ({ isOver }) as ClockReading } as MaintenanceClock;
  return new JobClock(clock).isOverdue({ status: 'running', duePausedMs: 0, serverNow: at(30), ...job });
}

describe('the clock of jobs', () => {
  it('calls a job overdue past its due time, until it has ended', async () => {
    expect(await isOverdue({ dueAt: at(31) })).toBe(false);
    expect(await isOverdue({ dueAt: at(30) })).toBe(false);
    expect(await isOverdue({ dueAt: at(29) })).toBe(true);
    expect(await isOverdue({ dueAt: at(29), status: 'queued' })).toBe(true);
    expect(await isOverdue({ dueAt: at(29), status: 'completed' })).toBe(false);
    expect(await isOverdue({ dueAt: null })).toBe(false);
  });

  it('stands still under maintenance since the due time was set', async () => {
    expect(await isOverdue({ dueAt: at(25) }, 10)).toBe(false);
    expect(await isOverdue({ dueAt: at(25), duePausedMs: 10_000 }, 10)).toBe(true);
  });
});
