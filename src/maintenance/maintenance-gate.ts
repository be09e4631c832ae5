import { Injectable } from '@nestjs/common';
import { type MaintenanceRefusal, type MaintenanceSwitch, type Passage, refusalOf, untouched } from './maintenance-lifecycle.js';
import { MaintenanceStore } from './maintenance.store.js';

/** The narrow question of other features: may work be handed out? */
@Injectable()
export class MaintenanceGate {
  constructor(private readonly store: MaintenanceStore) {}

  /** True while the switch is on. Read from the primary on each call, so that a pause binds everything that asks after the pause was acknowledged. */
  async isPaused(): Promise<boolean> {
    return (await this.current()).on;
  }

  /**
   * Why this worker may not be given a job of this dataset now; null when it may. Read from the primary on each call: ask it behind taking a job, and give the
   * job back when refused, so that nothing is handed out by a call that started after a pause was acknowledged.
   */
  async refusal(passage: Passage): Promise<MaintenanceRefusal | null> {
    return refusalOf(await this.current(), passage);
  }

  /** The switch as it is now; `untouched` before the first record. Changes nothing. */
  async current(): Promise<MaintenanceSwitch> {
    return (await this.store.findNewest()) ?? untouched;
  }
}
