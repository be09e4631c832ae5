import { Worker } from 'node:worker_threads';
import type { ScanRequest, TarScan } from './tar-scan.js';

/** How a thread is run. */
export interface ScanThreadOptions {
  /** Compiled module of the thread. */
  readonly entry: URL;
  /** Time for one file; then the thread is ended and the file counts as unreadable. */
  readonly deadlineMs: number;
  /** Time without work after which the thread is ended, until there is work again. */
  readonly idleMs: number;
}

interface Task {
  readonly request: ScanRequest;
  readonly resolve: (scan: TarScan) => void;
}

const heapLimits = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 } as const;

/**
 * Scans files one after the other in a worker thread.
 *
 * The thread is `absent`, `working` or `idle`. A task starts it when absent and makes it working; its answer makes it idle. Working too long, or dying
 * while it works (out of heap, for one), ends the thread, answers the task and makes it absent; the next task starts a fresh one. An idle one is ended
 * after a while. Answers of a thread that was ended are ignored.
 */
export class ScanThread {
  private worker: Worker | undefined;
  private current: Task | undefined;
  private readonly waiting: Task[] = [];
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly options: ScanThreadOptions) {}

  /** The scan of a file, when its turn has come. Never rejects; once the thread is closed the file counts as vanished. */
  scan(request: ScanRequest): Promise<TarScan> {
    return new Promise((resolve) => {
      if (this.closed) return resolve({ outcome: 'vanished' });
      this.waiting.push({ request, resolve });
      this.startNext();
    });
  }

  /** Ends the thread and gives up what waits for it. */
  async close(): Promise<void> {
    this.closed = true;
    const unfinished = [...(this.current ? [this.current] : []), ...this.waiting.splice(0)];
    this.current = undefined;
    await this.endWorker();
    for (const task of unfinished) task.resolve({ outcome: 'vanished' });
  }

  private startNext(): void {
    if (this.current) return;
    this.current = this.waiting.shift();
    if (!this.current) return this.setTimer(this.options.idleMs, () => void this.endWorker());
    const { deadlineMs } = this.options;
    this.worker ??= this.startWorker();
    this.worker.ref();
    this.worker.postMessage(this.current.request);
    this.setTimer(deadlineMs, () => this.giveUp(`it could not be read within ${deadlineMs / 1000} s`));
  }

  private startWorker(): Worker {
    const worker = new Worker(this.options.entry, { resourceLimits: heapLimits });
    worker.on('message', (scan: TarScan) => this.worker === worker && this.finish(scan));
    worker.on(
      'error',
      (error: NodeJS.ErrnoException) => this.worker === worker && this.giveUp(`reading it failed (${error.code ?? error.message})`),
    );
    worker.on('exit', () => this.worker === worker && this.giveUp('reading it ended early'));
    return worker;
  }

  private giveUp(reason: string): void {
    void this.endWorker();
    this.finish({ outcome: 'unreadable', version: null, reason });
  }

  private finish(scan: TarScan): void {
    const task = this.current;
    this.current = undefined;
    this.worker?.unref();
    this.startNext();
    task?.resolve(scan);
  }

  private async endWorker(): Promise<void> {
    clearTimeout(this.timer);
    const worker = this.worker;
    this.worker = undefined;
    await worker?.terminate();
  }

  private setTimer(delayMs: number, act: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(act, delayMs);
    this.timer.unref();
  }
}
