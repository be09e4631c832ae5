import { Inject, Injectable, Logger } from '@nestjs/common';
import { type Caller, systemCaller } from '../../common/caller.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { type Change, expression } from '../../database/change.js';
import { databaseAway } from '../../database/mongo-errors.js';
import { JobClock } from '../job-clock.js';
import type { Expected } from '../job-expectations.js';
import { JobsStore } from '../jobs.store.js';
import { JobWatchStore } from './job-watch.store.js';

/** Jobs that are told of in one sweep; the rest has its turn in the next. */
const atOnce = 500;

/** Tells that something is so; beside what has been told nothing of the job changes. */
const telling = (type: string, told: Record<string, string>, caller: Caller): Change => {
  const set = Object.fromEntries(Object.entries(told).map(([field, path]) => [field, expression(path)]));
  return { type, to: expression('$status'), set, caller };
};

/**
 * Tells, in every replica and without a leader, of jobs that are late and of jobs that are silent. Each is told once: of a due time when it has passed, and of
 * a silence when it has lasted `JOBS_STALE_SECONDS`, with one conditional update that names what the sweep saw. A new due time, and a new silence after a sign
 * of life, are told anew. Neither a due time that has passed nor a silence that has lasted can become untrue, unless its filter does not fit any more.
 */
@Injectable()
export class JobWatch {
  private readonly logger = new Logger('Jobs');

  constructor(
    private readonly watched: JobWatchStore,
    private readonly store: JobsStore,
    private readonly clock: JobClock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** One sweep over all unfinished jobs. */
  async sweep(): Promise<void> {
    await this.tellOverdue();
    await this.tellStale();
  }

  private async tellOverdue(): Promise<void> {
    const change = telling('job.overdue', { overdueTold: '$dueAt' }, systemCaller('due-times'));
    for (const { _id, ...overdueUntold } of await this.watched.listNewlyOverdue(await this.clock.read(), atOnce))
      await this.tell(_id, change, { overdueUntold });
  }

  private async tellStale(): Promise<void> {
    const change = telling('job.stale', { staleTold: '$updatedAt' }, systemCaller('silent-jobs'));
    for (const { _id, ...silenceUntold } of await this.watched.listNewlySilent(this.settings.jobsStaleSeconds, atOnce))
      await this.tell(_id, change, { running: true, unleased: true, silenceUntold });
  }

  /** One job that cannot be changed does not keep the others from being told of. */
  private async tell(id: string, change: Change, expected: Expected): Promise<void> {
    try {
      await this.store.apply(id, change, expected);
    } catch (error) {
      if (databaseAway(error)) throw error;
      this.logger.error({ message: 'nobody could be told of a late job', jobId: id, error });
    }
  }
}
