import { Injectable } from '@nestjs/common';
import { JobsReader } from './jobs.reader.js';
import type { ListedJob } from './job-views.js';

/** How long a median is taken for true, in milliseconds. */
const keptMs = 60_000;

type Running = Pick<ListedJob, 'status' | 'operation' | 'attempts' | 'serverNow'>;

/** Tells when running jobs will probably end, from the newest runs of their operation. */
@Injectable()
export class RunEstimates {
  private readonly medians = new Map<string, { readonly askedAtMs: number; readonly median: Promise<number | null> }>();

  constructor(private readonly reader: JobsReader) {}

  /** When the present attempt ends if it takes as long as usual, now when it is late already. Null when it does not run, or too few runs are known. */
  async expectedEndOf({ status, operation, attempts, serverNow }: Running): Promise<Date | null> {
    const startedAt = status === 'running' ? attempts.at(-1)?.startedAt : undefined;
    const seconds = startedAt ? await this.medianOf(operation) : null;
    return startedAt && seconds !== null ? new Date(Math.max(startedAt.getTime() + seconds * 1_000, serverNow.getTime())) : null;
  }

  /** Asked for an operation at most once a minute: conflicts come in storms. */
  private medianOf(operation: string): Promise<number | null> {
    const askedAtMs = performance.now();
    const known = this.medians.get(operation);
    if (known && askedAtMs - known.askedAtMs < keptMs) return known.median;
    const median = this.reader.medianRunSeconds(operation);
    this.medians.set(operation, { askedAtMs, median });
    median.catch(() => this.medians.delete(operation));
    return median;
  }
}
