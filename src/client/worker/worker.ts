import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LeaseLostError, NoAnswerError, UnavailableError } from '../problems.js';
import type { SignalboxClient } from '../signalbox-client.js';
import { JobFailure, JobRun, RunStopped, Snooze } from './job-run.js';
import { claim, type Failure, type Job, Lease, type RunResult, type WorkerIdentity } from './worker-protocol.js';

/** Does one job. Resolves: the job is completed. Throws: it has failed (see JobFailure), or is given back (see Snooze). */
export type JobHandler = (job: Job, run: JobRun) => Promise<RunResult | void>;

/** What a worker tells about itself, for logs. */
export type WorkerNotice =
  | {
      readonly kind: 'claimed' | 'completed' | 'failed' | 'snoozed' | 'released' | 'lost';
      readonly jobId: string;
      readonly message?: string;
    }
  | { readonly kind: 'idle'; readonly message: string }
  | { readonly kind: 'unreachable'; readonly message: string };

export interface WorkerOptions {
  readonly client: SignalboxClient;
  readonly worker: WorkerIdentity;
  readonly operations: readonly string[];
  readonly handler: JobHandler;
  /** Jobs at a time. Default 1. */
  readonly concurrency?: number;
  /** Time after which a silent worker's job goes to another. Default 60 s. */
  readonly leaseSeconds?: number;
  /** How long a claim may wait for a job, 0 to 30 s. Default 20. */
  readonly waitSeconds?: number;
  /** Aborted: claim nothing more, let the handlers end, then return. */
  readonly signal?: AbortSignal;
  /** How long the handlers may go on after that, before their signal is aborted and their jobs are given back. Default 30 s. */
  readonly stopGraceSeconds?: number;
  readonly onNotice?: (notice: WorkerNotice) => void;
}

const errorPauseMs = 3_000;

/**
 * Claims and does jobs until its signal is aborted. Every held job ends in one call: completed, failed, snoozed or released; when that cannot be said because
 * the lease is lost, nothing is written.
 */
class Worker {
  private readonly runs = new Set<JobRun>();
  private readonly signal: AbortSignal;
  private readonly finished = new AbortController();

  constructor(private readonly options: WorkerOptions) {
    this.signal = options.signal ?? new AbortController().signal;
  }

  async work(): Promise<void> {
    const grace = this.stopHandlersAfterGrace();
    try {
      await Promise.all(Array.from({ length: this.options.concurrency ?? 1 }, () => this.claimLoop()));
    } finally {
      this.finished.abort();
      await grace;
    }
  }

  /** One place for a job: claims, does, claims. */
  private async claimLoop(): Promise<void> {
    while (!this.signal.aborted) {
      const pauseMs = await this.claimOnce().catch((error: unknown) => this.afterClaimError(error));
      if (pauseMs > 0) await sleep(pauseMs, undefined, { signal: this.signal }).catch(() => undefined);
    }
  }

  /** @returns how long to wait before the next claim */
  private async claimOnce(): Promise<number> {
    const { client, worker, operations, leaseSeconds = 60, waitSeconds = 20 } = this.options;
    const asked = { worker, operations, leaseSeconds, waitSeconds, claimId: randomUUID() };
    const answer = await claim(client, asked, this.signal);
    if (answer.job === null) {
      if (answer.reason === 'empty') return 0;
      this.notice({ kind: 'idle', message: answer.detail ? `${answer.reason}: ${answer.detail}` : answer.reason });
      return (answer.retryAfterSeconds ?? 5) * 1_000;
    }
    await this.perform(answer.job, new Lease(client, answer.job.jobId, answer.leaseToken), answer.heartbeatSeconds);
    return 0;
  }

  /** An outage passes; a refusal does not, and must be seen. */
  private afterClaimError(error: unknown): number {
    if (this.signal.aborted) return 0;
    if (!(error instanceof NoAnswerError) && !(error instanceof UnavailableError)) throw error;
    this.notice({ kind: 'unreachable', message: error.message });
    return errorPauseMs * (0.5 + Math.random());
  }

  private async perform(job: Job, lease: Lease, heartbeatSeconds: number): Promise<void> {
    this.notice({ kind: 'claimed', jobId: job.jobId });
    const run = new JobRun(job, lease, heartbeatSeconds);
    this.runs.add(run);
    try {
      const outcome = await this.outcomeOf(job, run);
      await run.close();
      await this.settle(lease, run, outcome);
    } catch (error) {
      if (!(error instanceof LeaseLostError) && !(error instanceof NoAnswerError) && !(error instanceof UnavailableError)) throw error;
      this.notice({ kind: 'lost', jobId: job.jobId, message: error.message });
    } finally {
      await run.close().catch(() => undefined);
      this.runs.delete(run);
    }
  }

  private async outcomeOf(job: Job, run: JobRun): Promise<{ result: RunResult } | { thrown: unknown }> {
    try {
      return { result: (await this.options.handler(job, run)) ?? {} };
    } catch (thrown) {
      return { thrown };
    }
  }

  private async settle(lease: Lease, run: JobRun, outcome: { result: RunResult } | { thrown: unknown }): Promise<void> {
    const { jobId } = lease;
    if (run.stopped?.why === 'lease-lost') return this.notice({ kind: 'lost', jobId, message: run.stopped.message });
    if ('result' in outcome) {
      await lease.complete(outcome.result);
      return this.notice({ kind: 'completed', jobId });
    }
    const { thrown } = outcome;
    if (thrown instanceof Snooze) {
      await lease.snooze(thrown.seconds, thrown.message);
      return this.notice({ kind: 'snoozed', jobId, message: thrown.message });
    }
    if (run.stopped && !(thrown instanceof JobFailure)) {
      await lease.release();
      return this.notice({ kind: 'released', jobId, message: run.stopped.message });
    }
    await lease.fail(failureOf(thrown));
    this.notice({ kind: 'failed', jobId, message: thrown instanceof Error ? thrown.message : String(thrown) });
  }

  private async stopHandlersAfterGrace(): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      if (this.signal.aborted) resolve();
      for (const signal of [this.signal, this.finished.signal]) signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await stopped;
    await sleep((this.options.stopGraceSeconds ?? 30) * 1_000, undefined, { signal: this.finished.signal }).catch(() => undefined);
    for (const run of this.runs) run.stop(new RunStopped('stopping', 'The worker is stopping.'));
  }

  private notice(notice: WorkerNotice): void {
    this.options.onNotice?.(notice);
  }
}

function failureOf(thrown: unknown): Failure {
  if (thrown instanceof JobFailure) {
    const { retryable, retryAfterSeconds, details } = thrown.options;
    return {
      error: { code: thrown.code, message: thrown.message, ...(details === undefined ? {} : { details }) },
      ...(retryable === undefined ? {} : { retryable }),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    };
  }
  return { error: { code: 'WORKER.ERROR', message: thrown instanceof Error ? thrown.message : String(thrown) } };
}

/**
 * Claims and does jobs until `signal` is aborted, then lets running handlers end and resolves.
 * @throws ProblemError when the service refuses the worker, such as without a token or for an operation that it does not know
 */
export const runWorker = (options: WorkerOptions): Promise<void> => new Worker(options).work();
