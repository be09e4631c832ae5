import { InvalidRequestError, LeaseLostError } from '../problems.js';
import { jsonOf } from './json-limits.js';
import type { HeartbeatAnswer, Job, Lease, Progress } from './worker-protocol.js';

const linesPerCall = 50;
/** The service cuts at 4 KiB; what it would cut is not sent. */
const lineLength = 4_096;

/** The progress as it is now: later changes of its checkpoint do not count. @throws RangeError */
function checked({ checkpoint, ...rest }: Progress): Progress {
  const { percent } = rest;
  if (percent !== undefined && !(Number.isInteger(percent) && percent >= 0 && percent <= 100))
    throw new RangeError(`percent must be a whole number from 0 to 100, not ${String(percent)}.`);
  return checkpoint === undefined ? rest : { ...rest, checkpoint: JSON.parse(jsonOf('checkpoint', checkpoint)) as typeof checkpoint };
}

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
  /** Why the service refused a report in a beat that nobody waited for. */
  private refusal: InvalidRequestError | undefined;
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

  /**
   * Notes progress.
   * @throws RangeError for a percent that is no whole number from 0 to 100 and a checkpoint of more than 16 KiB; InvalidRequestError when the
   * service has refused what was reported before
   */
  report(progress: Progress): void {
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal) throw refusal;
    this.progress = { ...this.progress, ...checked(progress) };
  }

  /** Adds lines to the job's log. */
  log(...lines: string[]): void {
    for (const line of lines) this.lines.push(String(line).slice(0, lineLength));
  }

  /** Sends what is noted now. @throws LeaseLostError when the job is somebody else's, InvalidRequestError when it is refused: it is then dropped */
  flush(): Promise<void> {
    this.beating = this.beating.catch(() => undefined).then(() => this.beat());
    return this.beating;
  }

  /** Aborts the signal; the first reason stands. */
  stop(reason: RunStopped): void {
    if (!this.signal.aborted) this.abort.abort(reason);
  }

  /** Ends the beats, after a last one for whatever is still noted; what of it is refused is dropped. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.beating.catch(() => undefined);
    while (this.stopped?.why !== 'lease-lost' && (this.lines.length > 0 || Object.keys(this.progress).length > 0))
      await this.flush().catch((error: unknown) => {
        if (!(error instanceof InvalidRequestError)) throw error;
      });
  }

  private schedule(): void {
    if (this.closed) return;
    this.timer = setTimeout(
      () =>
        void this.flush()
          .catch((error: unknown) => {
            if (error instanceof InvalidRequestError) this.refusal = error;
          })
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
      if (error instanceof InvalidRequestError) this.drop(progress, log);
      else this.progress = { ...progress, ...this.progress };
      if (error instanceof LeaseLostError) this.stop(new RunStopped('lease-lost', error.message));
      throw error;
    }
  }

  /** Takes out what was refused, so that the next beat goes through: the progress, or the lines when there was none. */
  private drop(progress: Progress, log: readonly string[]): void {
    if (Object.keys(progress).length === 0) this.lines.splice(0, log.length);
  }

  private obey({ heartbeatSeconds, control }: HeartbeatAnswer): void {
    this.heartbeatSeconds = heartbeatSeconds;
    if (control.drain) this.drainRequested = true;
    if (control.cancel) this.stop(new RunStopped('cancelled', control.cancel.reason));
  }
}
