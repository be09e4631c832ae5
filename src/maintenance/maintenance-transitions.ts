import { Injectable } from '@nestjs/common';
import { systemCaller } from '../common/caller.js';
import { type MaintenanceRecord, modeOf, resumedSetting } from './maintenance-lifecycle.js';
import { MaintenanceStatus } from './maintenance-status.js';
import { MaintenanceStore } from './maintenance.store.js';

const caller = systemCaller('maintenance');

/** What happens to the switch by itself. Every replica may try at any time: each step is one conditional write, which one of them wins. */
@Injectable()
export class MaintenanceTransitions {
  constructor(
    private readonly store: MaintenanceStore,
    private readonly status: MaintenanceStatus,
  ) {}

  /** Takes the steps that are due. */
  async advance(): Promise<void> {
    const newest = await this.store.findNewest();
    if (!newest?.on || (await this.endIfOver(newest))) return;
    await this.noteIfQuiet(newest);
  }

  /** The record, marked as quiet if that is due and nobody did yet. */
  async noteIfQuiet(record: MaintenanceRecord): Promise<MaintenanceRecord> {
    if (!record.on || record.quietAt !== null) return record;
    const quiet = modeOf(true, await this.status.activityUnder(record)) === 'quiet';
    return (quiet ? await this.store.markQuiet(record, caller) : null) ?? record;
  }

  /** Resumes, or notes that the expected end is over. @returns true when the pause has ended */
  private async endIfOver(record: MaintenanceRecord): Promise<boolean> {
    if (record.until === null) return false;
    if (record.autoResume) {
      if (!(await this.store.isPastEnd(record.number))) return false;
      await this.store.insertAfter(record, resumedSetting(record), caller);
      return true;
    }
    if (record.overdueAt === null) await this.store.markOverdue(record, caller);
    return false;
  }
}
