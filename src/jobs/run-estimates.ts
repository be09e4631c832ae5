import { Injectable } from '@nestjs/common';
import { Remembered } from '../common/remembered.js';
import { JobsReader } from './jobs.reader.js';
import type { ListedJob } from './job-views.js';

const keptMs = 60_000;

type Running = Pick<ListedJob, 'status' | 'operation' | 'attempts' | 'serverNow'>;

/** Tells when running jobs will probably end, from the newest runs of their operation. */
@Injectable()
export class RunEstimates {
  /** In seconds, by operation. */
  private readonly medians: Remembered<number | null>;

  constructor(reader: JobsReader) {
    this.medians = new Remembered(keptMs, (operation) => reader.medianRunSeconds(operation));
  }

  /** When the present attempt ends if it takes as long as usual, now when it is late already. Null when it does not run, or too few runs are known. */
  async expectedEndOf({ status, operation, attempts, serverNow }: Running): Promise<Date | null> {
    const startedAt = status === 'running' ? attempts.at(-1)?.startedAt : undefined;
    const seconds = startedAt ? await this.medians.of(operation) : null;
    return startedAt && seconds !== null ? new Date(Math.max(startedAt.getTime() + seconds * 1_000, serverNow.getTime())) : null;
  }
}
