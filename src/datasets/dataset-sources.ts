import type { Page, PageQueryDto } from '../common/http/page.js';
import type { ActiveJob } from '../jobs/index.js';

/** What datasets have to know of jobs. Bound to the jobs feature where the application is wired. */
export abstract class DatasetJobs {
  /** The queued and running jobs of these datasets: at most one each, in any order. */
  abstract findActiveByDatasets(names: readonly string[]): Promise<readonly ActiveJob[]>;
  /** One page of the jobs that have the name as dataset or in a BUMP's manifesto, newest first, as the native API shows jobs. */
  abstract pageByTarget(name: string, query: PageQueryDto): Promise<Page<object>>;
}

/** How the last ended job that concerned a target ended. */
export interface LastOutcome {
  /** `completed`, `failed` or `cancelled`. */
  readonly status: string;
  /** Operation and its arguments, such as `['RELEASED', '2.1.0']`. */
  readonly action: readonly string[];
  readonly jobId: string;
  readonly at: Date;
}

/** A name that a job has had. */
export interface KnownTarget {
  readonly name: string;
  /** Null until a job that concerned it has ended. */
  readonly outcome: LastOutcome | null;
}

/** What datasets have to know of targets. Bound to the targets feature where the application is wired. */
export abstract class DatasetTargets {
  /** Those of the names that a job has had, in any order. */
  abstract findByNames(names: readonly string[]): Promise<readonly KnownTarget[]>;
  /** Up to `limit` targets by name: behind the place, or backwards before it. */
  abstract pageByName(place: { direction: 'after' | 'before'; name: string } | undefined, limit: number): Promise<readonly KnownTarget[]>;
  /** How many targets there are, counted up to `limit`. */
  abstract count(limit: number): Promise<number>;
}
