/** What a client knows about one of its jobs. */
export interface TrackedJob {
  readonly jobId: string;
  readonly target: string;
  /** The statuses that its client reports, one after the other; the last one is final. */
  readonly plan: readonly string[];
  /** How many steps of the plan were acknowledged. */
  acknowledged: number;
  /** How many were sent; the one on top of the acknowledged may have happened or not. */
  sent: number;
  /** Log lines that were acknowledged, each as often as it was. */
  readonly lines: string[];
  /** Log lines that were sent, each as often as it was, whatever the answer. */
  readonly linesSent: string[];
}

/** How often each text is there. */
export function countsOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

/** The statuses in which a job may be found: the acknowledged one or a later one that was sent. */
export function possibleStatuses(job: TrackedJob): string[] {
  return ['queued', ...job.plan].slice(job.acknowledged, job.sent + 1);
}

/** Everything that was acknowledged to clients and is not yet known to have survived for good, and every broken promise. */
export class Ledger {
  readonly jobs = new Map<string, TrackedJob>();
  readonly violations: string[] = [];
  /** Writes that were answered with success. */
  acknowledgedWrites = 0;
  /** What the service logged as errors, while promises were being broken. */
  readonly errorLines: string[] = [];
  /** Requests of which nobody knows whether they took effect. */
  unknownOutcomes = 0;
  /** Creations that were refused because the dataset was busy. */
  refusals = 0;
  /** Jobs that were created and acknowledged, or found after a lost answer. */
  createdJobs = 0;

  track(jobId: string, target: string, plan: readonly string[]): TrackedJob {
    const job: TrackedJob = { jobId, target, plan, acknowledged: 0, sent: 0, lines: [], linesSent: [] };
    if (this.jobs.has(jobId)) this.violations.push(`job ${jobId} was created twice`);
    this.jobs.set(jobId, job);
    this.createdJobs += 1;
    return job;
  }

  /** Forgets jobs that are finished and were checked. */
  settle(jobIds: Iterable<string>): void {
    for (const jobId of jobIds) this.jobs.delete(jobId);
  }

  violation(text: string): void {
    this.violations.push(text);
  }
}
