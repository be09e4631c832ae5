import { Injectable } from '@nestjs/common';
import { systemCaller } from '../common/caller.js';
import { WorkersStore } from './workers.store.js';

const atOnce = 100;

/** Finds the workers that fell silent. */
@Injectable()
export class LostWorkers {
  constructor(private readonly store: WorkersStore) {}

  /** Drops what is not worth keeping, and marks up to 100 silent workers as lost, each with one conditional update: any number of replicas may do it at a time. */
  async sweep(): Promise<void> {
    const caller = systemCaller('lost-workers');
    await this.store.dropOld();
    for (let count = 0; count < atOnce; count++) if (!(await this.store.loseSilent(caller))) return;
  }
}
