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
  /** Log lines that were acknowledged. */
  readonly lines: string[];
}

/** What a client knows about one of its traces. */
export interface TrackedTrace {
  readonly traceId: string;
  /** Operations of the events that were sent. */
  readonly sent: Set<string>;
  /** Operation → id of the event that was answered. */
  readonly acknowledged: Map<string, string>;
  /** True once its last event was acknowledged. */
  ended: boolean;
}

/** The statuses in which a job may be found: the acknowledged one or a later one that was sent. */
export function possibleStatuses(job: TrackedJob): string[] {
  return ['queued', ...job.plan].slice(job.acknowledged, job.sent + 1);
}

/** Everything that was acknowledged to clients and is not yet known to have survived for good, and every broken promise. */
export class Ledger {
  readonly jobs = new Map<string, TrackedJob>();
  readonly traces = new Map<string, TrackedTrace>();
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
  /** Traces that were created and acknowledged. */
  createdTraces = 0;

  track(jobId: string, target: string, plan: readonly string[]): TrackedJob {
    const job: TrackedJob = { jobId, target, plan, acknowledged: 0, sent: 0, lines: [] };
    if (this.jobs.has(jobId)) this.violations.push(`job ${jobId} was created twice`);
    this.jobs.set(jobId, job);
    this.createdJobs += 1;
    return job;
  }

  trackTrace(traceId: string): TrackedTrace {
    const trace: TrackedTrace = { traceId, sent: new Set(), acknowledged: new Map(), ended: false };
    if (this.traces.has(traceId)) this.violations.push(`trace ${traceId} was created twice`);
    this.traces.set(traceId, trace);
    this.acknowledgedWrites += 1;
    this.createdTraces += 1;
    return trace;
  }

  /** Forgets traces that have ended and were checked. */
  settleTraces(traces: readonly TrackedTrace[]): void {
    for (const { traceId } of traces) this.traces.delete(traceId);
  }

  /** Forgets jobs that are finished and were checked. */
  settle(jobIds: Iterable<string>): void {
    for (const jobId of jobIds) this.jobs.delete(jobId);
  }

  violation(text: string): void {
    this.violations.push(text);
  }
}
