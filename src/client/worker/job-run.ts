import { LeaseLostError } from '../problems.js';
import type { HeartbeatAnswer, Job, Lease, Progress } from './worker-protocol.js';

const linesPerCall = 50;

/** Thrown by a handler to end its job as failed with a code of its own; anything else thrown has the code `WORKER.ERROR`. */
export class JobFailure extends Error {
  constructor(
    readonly code: string,
    message: string,
    /** `retryable: false`: no further attempt. */
    readonly options: {
      readonly retryable?: boolean;
      readonly retryAfterSeconds?: number;
      readonly details?: Record<string, unknown>;
    } = {},
  ) {
    super(message);
    this.name = 'JobFailure';
  }
}

/** Thrown by a handler to give its job back for a while; that is no failure. */
export class Snooze extends Error {
  constructor(
    readonly seconds: number,
    reason: string,
  ) {
    super(reason);
    this.name = 'Snooze';
  }
}

/** Why `JobRun.signal` is aborted; the reason of the signal. */
export class RunStopped extends Error {
  constructor(
    readonly why: 'cancelled' | 'lease-lost' | 'stopping',
    message: string,
  ) {
    super(message);
    this.name = 'RunStopped';
  }
}

/**
 * One attempt at a job, as its handler sees it. Beats at the pace that the service asks for until it is closed. What the handler reports and logs goes out with
 * the next beat, or at once with `flush`.
 */
export class JobRun {
  private readonly abort = new AbortController();
  private progress: Progress = {};
  private readonly lines: string[] = [];
  private linesSent = 0;
  private beating: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  /** Set when the service asks this worker to take nothing more. */
  drainRequested = false;

  constructor(
    readonly job: Job,
    private readonly lease: Lease,
    private heartbeatSeconds: number,
  ) {
    this.schedule();
  }

  /** Aborted with a `RunStopped` when the job is cancelled, its lease is lost, or the worker ends: stop working and throw, `signal.reason` will do. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  get stopped(): RunStopped | undefined {
    return this.signal.aborted ? (this.signal.reason as RunStopped) : undefined;
  }

  /** Notes progress. */
  report(progress: Progress): void {
    this.progress = { ...this.progress, ...progress };
  }

  /** Adds lines to the job's log. */
  log(...lines: string[]): void {
    this.lines.push(...lines);
  }

  /** Sends what is noted now. @throws LeaseLostError when the job is somebody else's */
  flush(): Promise<void> {
    this.beating = this.beating.catch(() => undefined).then(() => this.beat());
    return this.beating;
  }

  /** Aborts the signal; the first reason stands. */
  stop(reason: RunStopped): void {
    if (!this.signal.aborted) this.abort.abort(reason);
  }

  /** Ends the beats, after a last one for whatever is still noted. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.beating.catch(() => undefined);
    while (this.stopped?.why !== 'lease-lost' && (this.lines.length > 0 || Object.keys(this.progress).length > 0)) await this.flush();
  }

  private schedule(): void {
    if (this.closed) return;
    this.timer = setTimeout(
      () =>
        void this.flush()
          .catch(() => undefined)
          .then(() => this.schedule()),
      this.heartbeatSeconds * 1_000,
    );
  }

  /** A beat that fails for want of an answer is repeated by the next one: its lines and progress stay noted. */
  private async beat(): Promise<void> {
    const log = this.lines.slice(0, linesPerCall);
    const progress = this.progress;
    this.progress = {};
    try {
      const lines = log.length > 0 ? { log, logOffset: this.linesSent } : {};
      this.obey(await this.lease.heartbeat({ ...progress, ...lines }));
      this.lines.splice(0, log.length);
      this.linesSent += log.length;
    } catch (error) {
      this.progress = { ...progress, ...this.progress };
      if (error instanceof LeaseLostError) this.stop(new RunStopped('lease-lost', error.message));
      throw error;
    }
  }

  private obey({ heartbeatSeconds, control }: HeartbeatAnswer): void {
    this.heartbeatSeconds = heartbeatSeconds;
    if (control.drain) this.drainRequested = true;
    if (control.cancel) this.stop(new RunStopped('cancelled', control.cancel.reason));
  }
}
