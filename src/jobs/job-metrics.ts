import { Injectable } from '@nestjs/common';
import type { Readings } from '../observability/index.js';
import { JobListsStore } from './job-lists.store.js';

/** The gauges of jobs, read at each scrape. */
@Injectable()
export class JobMetrics {
  constructor(private readonly lists: JobListsStore) {}

  /** Unfinished jobs by status, silent ones, and how long the oldest of each operation has been waiting. */
  async read(): Promise<Readings> {
    const [queued, running, jobsStale, waiting] = await Promise.all([
      this.lists.countByStatus('queued'),
      this.lists.countByStatus('running'),
      this.lists.count({ stale: true }, '-createdAt', Number.MAX_SAFE_INTEGER),
      this.lists.oldestQueued(),
    ]);
    const ages = waiting.map(({ operation, since, serverNow }) => [operation, (serverNow.getTime() - since.getTime()) / 1_000]);
    return { jobs: { queued, running }, jobsStale, jobQueueAgeSeconds: Object.fromEntries(ages) as Record<string, number> };
  }
}
