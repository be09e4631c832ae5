import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DatabaseStarter } from '../database/database-starter.js';
import { Sweeper } from '../database/sweeper.js';
import { LostWorkers } from './lost-workers.js';

const everyMs = 5_000;

/** Looks for workers that fell silent, in every replica. */
@Injectable()
export class LostWorkersTask implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly sweeper: Sweeper;

  constructor(
    private readonly database: DatabaseStarter,
    workers: LostWorkers,
  ) {
    this.sweeper = new Sweeper('Workers', everyMs, () => workers.sweep());
  }

  onApplicationBootstrap(): void {
    this.sweeper.startAfter(this.database.ready);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.sweeper.stop();
  }
}
