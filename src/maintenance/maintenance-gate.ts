import { Injectable } from '@nestjs/common';
import { type MaintenanceSwitch, untouched } from './maintenance-lifecycle.js';
import { MaintenanceStore } from './maintenance.store.js';

/** The narrow question of other features: may work be handed out? */
@Injectable()
export class MaintenanceGate {
  constructor(private readonly store: MaintenanceStore) {}

  /** True while the switch is on. Read from the primary on each call, so that a pause binds everything that asks after the pause was acknowledged. */
  async isPaused(): Promise<boolean> {
    return (await this.current()).on;
  }

  /** The switch as it is now; `untouched` before the first record. Changes nothing. */
  async current(): Promise<MaintenanceSwitch> {
    return (await this.store.findNewest()) ?? untouched;
  }
}
