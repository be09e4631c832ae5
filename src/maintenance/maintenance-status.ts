import { Injectable } from '@nestjs/common';
import { CompatPolls } from '../workers/index.js';
import { DrainEstimate } from './drain-estimate.js';
import {
  type Activity,
  type MaintenanceMode,
  type MaintenanceSwitch,
  modeOf,
  oldWorkerSeenSeconds,
  oldWorkerStartsWithinMs,
} from './maintenance-lifecycle.js';
import { MaintenanceStore } from './maintenance.store.js';
import { type RunningJob, RunningJobs } from './running-jobs.js';

const shownJobs = 20;
/** With more running jobs than these there is no estimate. */
const estimatedJobs = 200;

/** The switch, and what it waits for. */
export interface MaintenanceView extends MaintenanceSwitch, Activity {
  readonly mode: MaintenanceMode;
  /** The first 20 running jobs. */
  readonly firstRunningJobs: readonly RunningJob[];
  /** When all running jobs may have ended; null when it is not on, nothing is running, or the history is too short to tell. */
  readonly estimatedQuietAt: Date | null;
}

/** What goes on under the switch. */
@Injectable()
export class MaintenanceStatus {
  constructor(
    private readonly store: MaintenanceStore,
    private readonly jobs: RunningJobs,
    private readonly polls: CompatPolls,
    private readonly estimate: DrainEstimate,
  ) {}

  /** What is running, and may start, under a switch. Asked after the switch was read, it never tells of a time before the pause. */
  async activityUnder({ on, since }: MaintenanceSwitch): Promise<Activity> {
    const [runningJobs, oldWorkersMayStart] = await Promise.all([
      this.jobs.countRunning(),
      on && since ? this.mayOldWorkersStart(since) : false,
    ]);
    return { runningJobs, oldWorkersMayStart };
  }

  /** Workers of the original look at their list a moment before they report the first status. */
  private async mayOldWorkersStart(pausedSince: Date): Promise<boolean> {
    const now = await this.store.readClock();
    if (now.getTime() - pausedSince.getTime() >= oldWorkerStartsWithinMs) return false;
    return (await this.polls.secondsSinceLast(oldWorkerSeenSeconds)) !== null;
  }

  /** A switch that was just read, with what it waits for. */
  async viewOf(current: MaintenanceSwitch): Promise<MaintenanceView> {
    const [activity, running] = await Promise.all([this.activityUnder(current), this.jobs.listRunning(estimatedJobs)]);
    const estimatedQuietAt = current.on && activity.runningJobs === running.length ? await this.endOf(running) : null;
    return {
      ...current,
      ...activity,
      mode: modeOf(current.on, activity),
      firstRunningJobs: running.slice(0, shownJobs),
      estimatedQuietAt,
    };
  }

  private async endOf(running: readonly RunningJob[]): Promise<Date | null> {
    const now = running.length > 0 ? await this.store.readClock() : null;
    return now && this.estimate.endOf(running, now);
  }
}
