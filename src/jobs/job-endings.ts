import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Caller } from '../common/caller.js';
import { databaseAway } from '../database/mongo-errors.js';
import { Metrics } from '../observability/index.js';
import type { JobEnd } from './job-changes.js';
import type { Expected } from './job-expectations.js';
import type { JobView } from './job-views.js';
import type { FinalStatus } from './jobs-lifecycle.js';
import type { JobDocument } from './jobs.schema.js';
import { JobsStore } from './jobs.store.js';

/** Ends jobs, whoever asks for it, and measures how they ended. */
@Injectable()
export class JobEndings {
  constructor(
    private readonly store: JobsStore,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Ends a job. Where the database did not say what became of it, the finished job itself tells by the id of the end that it keeps.
   * @param end decides how, from the job as it is taken out; may be called more than once
   * @returns the finished job; null when it is not there or not as expected
   */
  async end(id: string, end: (job: JobDocument) => JobEnd, options: { expected: Expected; caller: Caller }): Promise<JobView | null> {
    const endId = randomUUID();
    const finished = await this.store.finish(id, end, { ...options, endId }).catch(async (error: unknown) => {
      if (!databaseAway(error)) throw error;
      const found = await this.store.findFinished(id).catch(() => null);
      if (found?.endId !== endId) throw error;
      return found;
    });
    if (finished) this.measure(finished);
    return finished;
  }

  private measure(job: JobView): void {
    const attempt = job.attempts.at(-1);
    const runSeconds = attempt && job.finishedAt ? (job.finishedAt.getTime() - attempt.startedAt.getTime()) / 1_000 : null;
    this.metrics.jobFinished(job.operation, job.status as FinalStatus, runSeconds);
  }
}
