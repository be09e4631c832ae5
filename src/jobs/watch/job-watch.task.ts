import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DatabaseStarter } from '../../database/database-starter.js';
import { Sweeper } from '../../database/sweeper.js';
import { JobWatch } from './job-watch.js';

const everyMs = 1_000;

/** Looks once a second, in every replica, for jobs that are late or silent. */
@Injectable()
export class JobWatchTask implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly sweeper: Sweeper;

  constructor(
    private readonly database: DatabaseStarter,
    watch: JobWatch,
  ) {
    this.sweeper = new Sweeper('Jobs', everyMs, () => watch.sweep());
  }

  onApplicationBootstrap(): void {
    this.sweeper.startAfter(this.database.ready);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.sweeper.stop();
  }
}
