/** A job that has to end before maintenance is quiet. */
export interface RunningJob {
  readonly jobId: string;
  readonly datasetName: string;
  readonly operation: string;
  /** Null until its worker reports one. */
  readonly phase: string | null;
  readonly percent: number | null;
  readonly startedAt: Date | null;
}

/**
 * What maintenance has to know of jobs. Bound to the jobs feature where the application is wired, so that jobs may ask the gate in turn. A job counts from
 * handing out to its end, also in the phase `built` between.
 */
export abstract class RunningJobs {
  /** Number of running jobs. */
  abstract countRunning(): Promise<number>;
  /** Up to `limit` running jobs, those that started first at the head. */
  abstract listRunning(limit: number): Promise<readonly RunningJob[]>;
  /** How long a job of this operation usually runs: the median of the newest runs that completed; null with less than 5 of them. */
  abstract medianRunSeconds(operation: string): Promise<number | null>;
}
