import { Injectable } from '@nestjs/common';
import { Remembered } from '../common/remembered.js';
import { type RunningJob, RunningJobs } from './running-jobs.js';

const keptMs = 60_000;

/** Estimates when all running jobs will have ended, from the history of their operations. */
@Injectable()
export class DrainEstimate {
  /** In seconds, by operation. */
  private readonly medians: Remembered<number | null>;

  constructor(jobs: RunningJobs) {
    this.medians = new Remembered(keptMs, (operation) => jobs.medianRunSeconds(operation));
  }

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
    const seconds = startedAt && (await this.medians.of(operation));
    return startedAt && seconds !== null ? startedAt.getTime() + seconds * 1_000 : null;
  }
}
