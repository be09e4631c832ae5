import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';

/** Runs one sweep after the other, each some time behind the end of the one before. A sweep that fails is followed by the next one as any other. */
export class Sweeper {
  private readonly logger: Logger;
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private failing = false;

  constructor(
    name: string,
    private readonly everyMs: number,
    private readonly sweep: () => Promise<void>,
  ) {
    this.logger = new Logger(name);
  }

  /** Starts as soon as the promise resolves; never when it rejects, or when stopped before. */
  startAfter(ready: Promise<void>): void {
    ready.then(
      () => {
        if (!this.stopping.signal.aborted) this.running = this.run();
      },
      () => undefined,
    );
  }

  /** Lets a running sweep end. Safe to repeat. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.sweep();
        this.failing = false;
      } catch (error) {
        if (!this.failing) this.logger.warn(`a sweep failed, the next ones try again: ${(error as Error).message}`);
        this.failing = true;
      }
      await sleep(this.everyMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }
}
