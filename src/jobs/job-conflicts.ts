import { Injectable } from '@nestjs/common';
import { PreconditionFailedError } from '../common/errors/precondition.errors.js';
import type { ExpectedVersion } from '../common/http/etag.js';
import { EventHistory } from '../events/index.js';
import { holderOf, holderSentence } from './job-holder.js';
import type { JobView } from './job-views.js';
import { TargetBusyError } from './jobs.errors.js';
import { RunEstimates } from './run-estimates.js';

/** What is said to somebody whose wish collides with a job as it is. */
@Injectable()
export class JobConflicts {
  constructor(
    private readonly estimates: RunEstimates,
    private readonly history: EventHistory,
  ) {}

  /** The conflict that names a dataset's holder; null when it ended between the two looks at it. */
  async busy(holder: JobView | null): Promise<TargetBusyError> {
    if (!holder) return new TargetBusyError('The dataset had an active job, which has just ended; try again.', null);
    return new TargetBusyError(holderSentence(holder), holderOf(holder, await this.estimates.expectedEndOf(holder)));
  }

  /** The conflict that says that a job has another version than expected, and who changed it. */
  async changedMeanwhile(job: JobView): Promise<PreconditionFailedError> {
    const [last] = await this.history.of(job._id, job.outbox, 1);
    const changedBy = last ? { id: last.actor.id, name: last.actor.name } : null;
    return new PreconditionFailedError({ status: job.status, version: job.version }, changedBy);
  }

  /** @throws PreconditionFailedError when the job has another version than expected */
  async assertVersion(job: JobView, expected: ExpectedVersion | undefined): Promise<void> {
    if (typeof expected === 'number' && expected !== job.version) throw await this.changedMeanwhile(job);
  }
}
