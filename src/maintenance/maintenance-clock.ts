import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { ClockReading } from './clock-reading.js';
import { pausedMsUntil } from './maintenance-lifecycle.js';
import { MaintenanceStore } from './maintenance.store.js';

/** The clock by which due times and run budgets are judged: the database's, but it stands still under maintenance. */
@Injectable()
export class MaintenanceClock {
  constructor(
    private readonly store: MaintenanceStore,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'maintenanceStopsClocks'>,
  ) {}

  /** Reads the clock, with one statement on the primary. */
  async read(): Promise<ClockReading> {
    const { now, newest } = await this.store.readPause();
    const pausedMs = newest ? pausedMsUntil({ ...newest, pausedMs: newest.pausedMs ?? 0 }, now) : 0;
    return new ClockReading(now, pausedMs, this.settings.maintenanceStopsClocks);
  }
}
