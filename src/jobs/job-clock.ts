import { Injectable } from '@nestjs/common';
import { type ClockReading, MaintenanceClock } from '../maintenance/index.js';
import { isFinal } from './jobs-lifecycle.js';
import type { ListedJob } from './job-views.js';

type Due = Pick<ListedJob, 'status' | 'dueAt' | 'duePausedMs' | 'serverNow'>;

/** Unfinished, and late by the plain clock: whether maintenance excuses it is not said yet. */
const mayBeOverdue = ({ status, dueAt, serverNow }: Due): boolean => !isFinal(status) && dueAt !== null && dueAt < serverNow;

/** Due times by the clock that stands still under maintenance. */
@Injectable()
export class JobClock {
  constructor(private readonly clock: MaintenanceClock) {}

  /** What is asked for, with what has to be kept with its due time, if it has one. */
  async anchored<T extends { readonly dueAt?: Date | null; readonly duePausedMs?: number }>(asked: T): Promise<T> {
    return asked.dueAt ? { ...asked, duePausedMs: (await this.clock.read()).pausedMs } : asked;
  }

  /**
   * For each of some jobs, whether it is unfinished past its due time. Reads the clock only where that has to be judged. `dueConditionsOf` in job-filter.ts says
   * the same of stored jobs.
   */
  async overdueAmong(jobs: readonly Due[]): Promise<boolean[]> {
    const reading = jobs.some(mayBeOverdue) ? await this.clock.read() : null;
    return jobs.map((job) => reading !== null && mayBeOverdue(job) && reading.isOver(job.dueAt!, job.duePausedMs));
  }

  /** Whether one job is. @see overdueAmong */
  async isOverdue(job: Due): Promise<boolean> {
    return (await this.overdueAmong([job]))[0]!;
  }

  /** The clock, for a sweep. */
  read(): Promise<ClockReading> {
    return this.clock.read();
  }
}
