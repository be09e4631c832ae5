import { Injectable } from '@nestjs/common';
import type { Caller } from '../../common/caller.js';
import type { JobView } from '../job-views.js';
import { JobEndings } from '../job-endings.js';
import { JobNotFoundError } from '../jobs.errors.js';
import { JobsStore } from '../jobs.store.js';
import { JobRequeues } from './job-requeues.js';
import { releaseChange } from './lease-changes.js';
import { failedByOperator } from './lease-ends.js';
import { JobNotRunningError } from './protocol.errors.js';

const maxLooks = 5;

/** What an operator may do with a running job whose worker does not end it: of the native protocol or of an original API. The holder is fenced. */
@Injectable()
export class OperatorActions {
  constructor(
    private readonly store: JobsStore,
    private readonly requeues: JobRequeues,
    private readonly endings: JobEndings,
  ) {}

  /**
   * Puts a running job back to queued, or cancels it where somebody asked for that.
   * @throws JobNotFoundError, JobNotRunningError
   */
  release(id: string, reason: string, caller: Caller): Promise<JobView> {
    return this.untilRunningNoMore(id, () => this.requeues.giveBack(id, { requeue: releaseChange(reason, caller), holds: { running: true } }, caller));
  }

  /**
   * Ends a running job as failed, or as cancelled where somebody asked for that.
   * @throws JobNotFoundError, JobNotRunningError
   */
  fail(id: string, reason: string, caller: Caller): Promise<JobView> {
    const end = (job: Parameters<typeof failedByOperator>[0]) => failedByOperator(job, reason);
    return this.untilRunningNoMore(id, () => this.endings.end(id, end, { expected: { running: true }, caller }));
  }

  /** Repeats an action that missed because the job changed between two looks at it. */
  private async untilRunningNoMore(id: string, act: () => Promise<JobView | null>): Promise<JobView> {
    for (let look = 1; ; look++) {
      const done = await act();
      if (done) return done;
      const job = await this.store.findById(id);
      if (!job) throw new JobNotFoundError(id);
      if (job.status !== 'running' || look === maxLooks) throw new JobNotRunningError({ status: job.status, version: job.version });
    }
  }
}
