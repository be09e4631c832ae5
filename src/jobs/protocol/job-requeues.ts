import { Injectable } from '@nestjs/common';
import type { Caller } from '../../common/caller.js';
import type { Change } from '../../database/change.js';
import type { JobEnd } from '../job-changes.js';
import { JobEndings } from '../job-endings.js';
import type { Expected } from '../job-expectations.js';
import type { JobView } from '../job-views.js';
import type { JobDocument } from '../jobs.schema.js';
import { JobsStore } from '../jobs.store.js';
import { ClaimDesk } from './claim-desk.js';
import { cancelledAsAsked } from './lease-ends.js';

/** How a running job leaves its worker: back to queued, or, where it must not go on, to its end. */
export interface Leaving {
  /** Null: it ends in any case. */
  readonly requeue: Change | null;
  /** What the job must be, either way. */
  readonly holds: Expected;
  /** What it must be in addition for going back to queued. */
  readonly unlessDone?: Expected;
  /** How it ends where it may not go back; decides from the job as it is then. */
  readonly end: (job: JobDocument) => JobEnd;
}

/**
 * Takes running jobs from their workers. One conditional update puts a job back to queued, unless somebody asked for its cancellation or it has no attempt left;
 * only when that does not fit, the transaction ends it. Neither decides by what was read before.
 */
@Injectable()
export class JobRequeues {
  constructor(
    private readonly store: JobsStore,
    private readonly endings: JobEndings,
    private readonly desk: ClaimDesk,
  ) {}

  /** @returns the job afterwards; null when it is not as it must be */
  async leave(id: string, { requeue, holds, unlessDone, end }: Leaving, caller: Caller): Promise<JobView | null> {
    if (requeue) {
      const requeued = await this.store.applyAndGet(id, requeue, { ...holds, ...unlessDone, cancelRequested: false });
      if (requeued) this.desk.ring();
      if (requeued) return requeued;
    }
    return this.endings.end(id, end, { expected: holds, caller });
  }

  /** Puts a job back to queued, or cancels it where somebody asked for that. Null when it is not as it must be. */
  async giveBack(id: string, { requeue, holds }: { requeue: Change; holds: Expected }, caller: Caller): Promise<JobView | null> {
    const requeued = await this.store.applyAndGet(id, requeue, { ...holds, cancelRequested: false });
    if (requeued) this.desk.ring();
    return requeued ?? this.endings.end(id, cancelledAsAsked, { expected: { ...holds, cancelRequested: true }, caller });
  }
}
