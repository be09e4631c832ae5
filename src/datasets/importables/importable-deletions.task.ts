import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ImportableDeletionsService } from './importable-deletions.service.js';

const firstMs = 5_000;
const everyMs = 10 * 60_000;

/** Ends deletions that a dying process left open: a few seconds after the start, and from time to time for other replicas. */
@Injectable()
export class ImportableDeletionsTask implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(ImportableDeletionsTask.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly deletions: ImportableDeletionsService) {}

  onApplicationBootstrap(): void {
    this.runAfter(firstMs);
  }

  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    await this.running;
    clearTimeout(this.timer);
  }

  private runAfter(delayMs: number): void {
    this.timer = setTimeout(() => {
      this.running = this.run().finally(() => this.runAfter(everyMs));
    }, delayMs);
    this.timer.unref();
  }

  private async run(): Promise<void> {
    try {
      const ended = await this.deletions.settleOpen();
      if (ended > 0)
        this.logger.log({ message: `${ended} deletions of importable files were left open by a process that ended; they are settled` });
    } catch (error) {
      this.logger.warn({ message: 'open deletions of importable files could not be settled; they will be later', error });
    }
  }
}
