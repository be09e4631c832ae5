import { Injectable } from '@nestjs/common';
import type { Caller } from '../../common/caller.js';
import type { ExpectedVersion } from '../../common/http/etag.js';
import { JobConflicts } from '../job-conflicts.js';
import type { JobView } from '../job-views.js';
import { JobEndings } from '../job-endings.js';
import type { Expected } from '../job-expectations.js';
import { maxLooks } from '../job-looks.js';
import { JobNotFoundError } from '../jobs.errors.js';
import { JobsStore } from '../jobs.store.js';
import { JobRequeues } from './job-requeues.js';
import { releaseChange } from './lease-changes.js';
import { failedByOperator } from './lease-ends.js';
import { JobNotRunningError } from './protocol.errors.js';

/** What an operator wants, and of which version of the job. */
export interface OperatorsWish {
  readonly reason: string;
  /** Undefined: of any version. */
  readonly expected?: ExpectedVersion | undefined;
}

/** Running, at the version that the operator has seen. */
const seenBy = ({ expected }: OperatorsWish): Expected => ({ running: true, ...(typeof expected === 'number' && { version: expected }) });

/** What an operator may do with a running job whose worker does not end it: of the native protocol or of an original API. The holder is fenced. */
@Injectable()
export class OperatorActions {
  constructor(
    private readonly store: JobsStore,
    private readonly requeues: JobRequeues,
    private readonly endings: JobEndings,
    private readonly conflicts: JobConflicts,
  ) {}

  /**
   * Puts a running job back to queued, or cancels it where somebody asked for that.
   * @throws JobNotFoundError, JobNotRunningError; PreconditionFailedError when the job is not at the expected version
   */
  release(id: string, wish: OperatorsWish, caller: Caller): Promise<JobView> {
    const leaving = { requeue: releaseChange(wish.reason, caller), holds: seenBy(wish) };
    return this.untilRunningNoMore(id, wish, () => this.requeues.giveBack(id, leaving, caller));
  }

  /**
   * Ends a running job as failed, or as cancelled where somebody asked for that.
   * @throws JobNotFoundError, JobNotRunningError; PreconditionFailedError when the job is not at the expected version
   */
  fail(id: string, wish: OperatorsWish, caller: Caller): Promise<JobView> {
    const end = (job: Parameters<typeof failedByOperator>[0]) => failedByOperator(job, wish.reason);
    return this.untilRunningNoMore(id, wish, () => this.endings.end(id, end, { expected: seenBy(wish), caller }));
  }

  /** Repeats an action that missed because the job changed between two looks at it. */
  private async untilRunningNoMore(id: string, { expected }: OperatorsWish, act: () => Promise<JobView | null>): Promise<JobView> {
    for (let look = 1; ; look++) {
      const done = await act();
      if (done) return done;
      const job = await this.store.findById(id);
      if (!job) throw new JobNotFoundError(id);
      if (job.status === 'running') await this.conflicts.assertVersion(job, expected);
      if (job.status !== 'running' || look === maxLooks) throw new JobNotRunningError({ status: job.status, version: job.version });
    }
  }
}
