import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { MaintenanceGate } from '../../maintenance/index.js';
import { WorkerRegistry } from '../../workers/index.js';
import { JobClock } from '../job-clock.js';
import { JobListsStore } from '../job-lists.store.js';
import type { JobView } from '../job-views.js';
import { isFinal } from '../jobs-lifecycle.js';
import { RunEstimates } from '../run-estimates.js';
import { ExplainedJobs } from './explained-jobs.js';
import { type Cancellation, explain, type Surroundings } from './job-explanation.js';

/** Why a job is where it is: for people, and for programs. */
export interface Explanation {
  readonly sentences: readonly string[];
  readonly job: JobView;
  /** Null for a finished job, which nothing around it changes. */
  readonly surroundings: Surroundings | null;
  readonly cancellation: Cancellation | null;
}

/** Looks around a job and says why it is where it is. */
@Injectable()
export class Explanations {
  constructor(
    private readonly jobs: ExplainedJobs,
    private readonly lists: JobListsStore,
    private readonly gate: MaintenanceGate,
    private readonly workers: WorkerRegistry,
    private readonly clock: JobClock,
    private readonly estimates: RunEstimates,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** @throws JobNotFoundError */
  async of(id: string): Promise<Explanation> {
    const { job, cancellation } = await this.jobs.get(id);
    const surroundings = await this.around(job);
    const sentences = explain(job, surroundings, cancellation);
    return { sentences, job, surroundings: isFinal(job.status) ? null : surroundings, cancellation };
  }

  private async around(job: JobView): Promise<Surroundings> {
    const [jobsBefore, workers, { on, reason, allow }, overdue, expectedEndAt] = await Promise.all([
      job.status === 'queued' ? this.lists.countBefore(job) : 0,
      this.workers.ableToRun(job.operation),
      this.gate.current(),
      this.clock.isOverdue(job),
      this.estimates.expectedEndOf(job),
    ]);
    const pause = on && !allow.datasets.includes(job.datasetName) ? { reason, workers: allow.workers } : null;
    return { jobsBefore, workers, pause, staleSeconds: this.settings.jobsStaleSeconds, overdue, expectedEndAt };
  }
}
