import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import type { JobDto } from './job-answers.dto.js';
import { JobClock } from './job-clock.js';
import { toJobDto } from './job-mapper.js';
import type { ListedJob } from './job-views.js';

/** Shows stored jobs as the native API does. */
@Injectable()
export class JobPresenter {
  constructor(
    private readonly clock: JobClock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** One job. */
  async show(job: ListedJob): Promise<JobDto> {
    return this.dtoOf(job, await this.clock.isOverdue(job));
  }

  /** Some jobs, in their order. */
  async showAll(jobs: readonly ListedJob[]): Promise<JobDto[]> {
    const overdue = await this.clock.overdueAmong(jobs);
    return jobs.map((job, index) => this.dtoOf(job, overdue[index]!));
  }

  /** A job that was created a moment ago, in a transaction perhaps: no maintenance can excuse it yet. */
  showNew(job: ListedJob): JobDto {
    return this.dtoOf(job, job.dueAt !== null && job.dueAt < job.serverNow);
  }

  private dtoOf(job: ListedJob, overdue: boolean): JobDto {
    return toJobDto(job, { staleSeconds: this.settings.jobsStaleSeconds, overdue });
  }
}
