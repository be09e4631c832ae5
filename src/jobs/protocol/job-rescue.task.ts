import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DatabaseStarter } from '../../database/database-starter.js';
import { Sweeper } from '../../database/sweeper.js';
import { JobRescue } from './job-rescue.js';

const everyMs = 1_000;

/** Rescues jobs once a second, in every replica. */
@Injectable()
export class JobRescueTask implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly sweeper: Sweeper;

  constructor(
    private readonly database: DatabaseStarter,
    rescue: JobRescue,
  ) {
    this.sweeper = new Sweeper('Jobs', everyMs, () => rescue.sweep());
  }

  onApplicationBootstrap(): void {
    this.sweeper.startAfter(this.database.ready);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.sweeper.stop();
  }
}
