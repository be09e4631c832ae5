import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidRequestError, LeaseLostError, NoAnswerError, NotFoundError, UnavailableError } from '../problems.js';
import type { SignalboxClient } from '../signalbox-client.js';
import { failureInsteadOf, failureOf, messageOf, type Outcome } from './endings.js';
import { JobFailure, JobRun, RunStopped, Snooze } from './job-run.js';
import { jsonOf, NotJsonError } from './json-limits.js';
import { claim, type Job, Lease, type RunResult, type WorkerIdentity } from './worker-protocol.js';

/**
 * Does one job. Resolves: the job is completed, or failed as `RESULT_REFUSED` when the service does not take the result. Throws: it has failed (see JobFailure), or
 * is given back (see Snooze).
 */
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

/** Errors of a call that concern its job only: its next attempt is the service's business. */
const concernsJobOnly = (error: unknown): error is Error =>
  [LeaseLostError, NotFoundError, NoAnswerError, UnavailableError].some((kind) => error instanceof kind);

/**
 * Claims and does jobs until its signal is aborted. Every held job ends in one call: completed, failed, snoozed or released; when that cannot be said because
 * the lease is lost, nothing is written.
 */
class Worker {
  private readonly runs = new Set<JobRun>();
  /** Ends the claims: by the caller's signal, or when one of the loops is refused. */
  private readonly stop = new AbortController();
  private readonly signal = this.stop.signal;
  private readonly finished = new AbortController();

  constructor(private readonly options: WorkerOptions) {}

  async work(): Promise<void> {
    const { signal, concurrency = 1 } = this.options;
    const stop = () => this.stop.abort();
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    const grace = this.stopHandlersAfterGrace();
    const ended = await Promise.allSettled(Array.from({ length: concurrency }, () => this.claimLoop().finally(stop)));
    signal?.removeEventListener('abort', stop);
    this.finished.abort();
    await grace;
    for (const loop of ended) if (loop.status === 'rejected') throw loop.reason as Error;
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
      await this.settle(lease, run, outcome).catch((error: unknown) => this.failInstead(lease, outcome, error));
    } catch (error) {
      if (!concernsJobOnly(error)) throw error;
      this.notice({ kind: 'lost', jobId: job.jobId, message: error.message });
    } finally {
      await run.close().catch(() => undefined);
      this.runs.delete(run);
    }
  }

  private async outcomeOf(job: Job, run: JobRun): Promise<Outcome> {
    try {
      return { result: (await this.options.handler(job, run)) ?? {} };
    } catch (thrown) {
      return { thrown };
    }
  }

  private async settle(lease: Lease, run: JobRun, outcome: Outcome): Promise<void> {
    const { jobId } = lease;
    if (run.stopped?.why === 'lease-lost') return this.notice({ kind: 'lost', jobId, message: run.stopped.message });
    if ('result' in outcome) {
      for (const [name, value] of Object.entries(outcome.result)) if (value !== undefined) jsonOf(name, value);
      await lease.complete(outcome.result);
      return this.notice({ kind: 'completed', jobId });
    }
    const { thrown } = outcome;
    if (thrown instanceof Snooze) {
      await lease.snooze(thrown.seconds, messageOf(thrown));
      return this.notice({ kind: 'snoozed', jobId, message: thrown.message });
    }
    if (run.stopped && !(thrown instanceof JobFailure)) {
      await lease.release();
      return this.notice({ kind: 'released', jobId, message: run.stopped.message });
    }
    const failure = failureOf(thrown);
    if (failure.error.details) jsonOf('details', failure.error.details);
    await lease.fail(failure);
    this.notice({ kind: 'failed', jobId, message: failure.error.message });
  }

  /** An ending that can never be said is a failure. @throws the error when it is another one */
  private async failInstead(lease: Lease, outcome: Outcome, error: unknown): Promise<void> {
    if (!(error instanceof InvalidRequestError) && !(error instanceof NotJsonError)) throw error;
    const failure = failureInsteadOf(outcome, error.message);
    await lease.fail(failure);
    this.notice({ kind: 'failed', jobId: lease.jobId, message: failure.error.message });
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

/**
 * Claims and does jobs until `signal` is aborted, then lets running handlers end and resolves.
 * @throws ProblemError when the service refuses the worker, such as without a token or for an operation that it does not know; nothing is claimed any more then,
 * and the running handlers have ended
 */
export const runWorker = (options: WorkerOptions): Promise<void> => new Worker(options).work();
