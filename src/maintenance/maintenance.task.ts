import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DatabaseStarter } from '../database/database-starter.js';
import { Sweeper } from '../database/sweeper.js';
import { MaintenanceTransitions } from './maintenance-transitions.js';

const everyMs = 1_000;

/** Lets happen to the switch what happens by itself, in every replica. */
@Injectable()
export class MaintenanceTask implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly sweeper: Sweeper;

  constructor(
    private readonly database: DatabaseStarter,
    transitions: MaintenanceTransitions,
  ) {
    this.sweeper = new Sweeper('Maintenance', everyMs, () => transitions.advance());
  }

  onApplicationBootstrap(): void {
    this.sweeper.startAfter(this.database.ready);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.sweeper.stop();
  }
}
