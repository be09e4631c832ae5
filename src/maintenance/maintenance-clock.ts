import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import type { MaintenanceRecord } from './maintenance-lifecycle.js';
import { MaintenanceStore } from './maintenance.store.js';

/**
 * How long the switch was on between two times, in milliseconds. Due times and run budgets are judged by the time that is left: something due at `dueAt` is
 * overdue when now is later than `dueAt` + the pause between its creation and now; a run started at `startedAt` has used now − `startedAt` − the pause between.
 * @param records the record that was in force at `from`, and all after it, in any order
 */
export function pausedMs(records: readonly Pick<MaintenanceRecord, 'on' | 'at'>[], from: Date, to: Date): number {
  const inOrder = [...records].sort((a, b) => a.at.getTime() - b.at.getTime());
  return inOrder.reduce((sum, { on, at }, index) => {
    const begin = Math.max(at.getTime(), from.getTime());
    const end = Math.min(inOrder[index + 1]?.at.getTime() ?? Infinity, to.getTime());
    return on && end > begin ? sum + (end - begin) : sum;
  }, 0);
}

const pageSize = 50;

/** Tells how much of a time does not count because of maintenance. */
@Injectable()
export class MaintenanceClock {
  constructor(
    private readonly store: MaintenanceStore,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'maintenanceStopsClocks'>,
  ) {}

  /** Milliseconds under maintenance from a time until now, by the database's clock; 0 with `MAINTENANCE_STOPS_CLOCKS=false`. @see pausedMs */
  async pausedMsSince(from: Date): Promise<number> {
    const now = this.settings.maintenanceStopsClocks ? await this.store.readClock() : null;
    return now === null ? 0 : pausedMs(await this.recordsSince(from), from, now);
  }

  private async recordsSince(from: Date): Promise<MaintenanceRecord[]> {
    const records: MaintenanceRecord[] = [];
    for (;;) {
      const page = await this.store.listBelow(records.at(-1)?.number, pageSize);
      records.push(...page);
      if (page.length < pageSize || page.at(-1)!.at <= from) return records;
    }
  }
}
