import { Injectable } from '@nestjs/common';
import { EventHistory } from '../../events/index.js';
import type { JobView } from '../job-views.js';
import { JobsService } from '../jobs.service.js';
import type { Cancellation } from './job-explanation.js';

/** Jobs with what an explanation needs of their past. */
@Injectable()
export class ExplainedJobs {
  constructor(
    private readonly jobs: JobsService,
    private readonly history: EventHistory,
  ) {}

  /** A job and who wanted its end, if anybody did. @throws JobNotFoundError */
  async get(id: string): Promise<{ job: JobView; cancellation: Cancellation | null }> {
    const job = await this.jobs.get(id);
    return { job, cancellation: await this.cancellationOf(job) };
  }

  /** A job that is cancelled at once, while queued or by force, was never asked to end: only its history knows by whom. */
  private async cancellationOf({ _id, status, outbox, cancelRequested: asked }: JobView): Promise<Cancellation | null> {
    if (status !== 'cancelled') return asked;
    const [end] = await this.history.of(_id, outbox, 1);
    if (end?.to !== 'cancelled' || asked?.reason === end.reason) return asked;
    return { by: end.actor.name, reason: end.reason };
  }
}
