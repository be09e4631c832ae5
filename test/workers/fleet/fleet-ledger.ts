/** How a worker said that it was done with a job. */
export type Closing = 'complete' | 'fail' | 'snooze' | 'release';

/** One job in the hands of one worker, as far as the worker knows. All times are the database's. */
export interface Hold {
  readonly jobId: string;
  readonly attempt: number;
  readonly workerId: string;
  /** The latest lease end that the service told the worker, in milliseconds since 1970: nobody else has the job before. */
  promisedUntilMs: number;
  /** The call by which the worker gave the job away; from its sending on the promise counts no more. */
  closing: Closing | null;
  /** True once that call was answered with success. */
  closed: boolean;
}

/** What the workers of a run know, and what they met. */
export class FleetLedger {
  /** Ids of the jobs whose creation was acknowledged. */
  readonly created = new Set<string>();
  readonly holds: Hold[] = [];
  /** Workers that stopped without a word while they had a job. */
  vanished = 0;
  /** Vanished workers that came back and went on with the job they had. */
  returned = 0;
  /** Calls that were refused because the lease was lost. */
  leasesLost = 0;
  /** Calls of which nobody knows whether they took effect, retries included. */
  unknownOutcomes = 0;
  /** What no worker may ever meet. */
  readonly violations: string[] = [];

  /** Notes a claim that got a job. */
  hold({ jobId, attempt, workerId }: Pick<Hold, 'jobId' | 'attempt' | 'workerId'>, leaseExpiresAt: string): Hold {
    const hold = { jobId, attempt, workerId, promisedUntilMs: Date.parse(leaseExpiresAt), closing: null, closed: false };
    this.holds.push(hold);
    return hold;
  }
}
