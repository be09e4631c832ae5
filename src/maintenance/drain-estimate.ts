import { Injectable } from '@nestjs/common';
import { type RunningJob, RunningJobs } from './running-jobs.js';

const keptMs = 60_000;

/** Estimates when all running jobs will have ended, from the history of their operations. */
@Injectable()
export class DrainEstimate {
  private readonly medians = new Map<string, { readonly askedAtMs: number; readonly median: Promise<number | null> }>();

  constructor(private readonly jobs: RunningJobs) {}

  /**
   * When the last of the jobs ends if each takes as long as usual; `now` for those that are late already. Null when the history of an operation is too short.
   * @param running all of them, not only some
   */
  async endOf(running: readonly RunningJob[], now: Date): Promise<Date | null> {
    const ends = await Promise.all(running.map((job) => this.endOfJob(job)));
    if (ends.length === 0 || ends.includes(null)) return null;
    return new Date(Math.max(now.getTime(), ...(ends as number[])));
  }

  private async endOfJob({ operation, startedAt }: RunningJob): Promise<number | null> {
    const seconds = startedAt && (await this.medianOf(operation));
    return startedAt && seconds !== null ? startedAt.getTime() + seconds * 1_000 : null;
  }

  /** Asked for an operation at most once a minute. */
  private medianOf(operation: string): Promise<number | null> {
    const askedAtMs = performance.now();
    const known = this.medians.get(operation);
    if (known && askedAtMs - known.askedAtMs < keptMs) return known.median;
    const median = this.jobs.medianRunSeconds(operation);
    this.medians.set(operation, { askedAtMs, median });
    median.catch(() => this.medians.delete(operation));
    return median;
  }
}
