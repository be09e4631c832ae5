import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DatabaseStarter } from '../../database/database-starter.js';
import { databaseAway } from '../../database/mongo-errors.js';
import { ImportableDeletionsService } from './importable-deletions.service.js';

const firstMs = 5_000;
const everyMs = 10 * 60_000;

/** Ends deletions that a dying process left open: a few seconds after the database is ready, and from time to time for other replicas. */
@Injectable()
export class ImportableDeletionsTask implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(ImportableDeletionsTask.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly deletions: ImportableDeletionsService,
    private readonly database: DatabaseStarter,
  ) {}

  onApplicationBootstrap(): void {
    const ready = () => this.stopped || this.runAfter(firstMs);
    this.database.ready.then(ready, () => undefined); // who waits for the start of the service tells why there is no database
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
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
      const message = 'open deletions of importable files could not be settled; they will be later';
      this.logger.warn(databaseAway(error) ? `${message}: ${(error as Error).message}` : { message, error });
    }
  }
}
