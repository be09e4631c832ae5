import { isDeepStrictEqual } from 'node:util';
import type { Actor } from '../common/caller.js';

/**
 * The maintenance switch. It is off until somebody turns it on; every change of it, also of its reason alone, makes a new record with the next number, and the
 * newest record is the switch. While it is on, creating jobs stays allowed and handing them out stops; what the platform does meanwhile is the mode.
 *
 * Two things happen to a record by themselves, each once: it becomes quiet, and, behind `until`, overdue or, with `autoResume`, followed by a record that is
 * off. A later change of the switch while it stays on keeps both.
 */
export const maintenanceModes = ['off', 'draining', 'quiet'] as const;
/** `draining`: on, and a job is still running, or an old worker may yet start one. `quiet`: on, and none is. Queued jobs do not count. */
export type MaintenanceMode = (typeof maintenanceModes)[number];

/** What a caller decides when setting the switch. */
export interface MaintenanceSetting {
  readonly on: boolean;
  /** Why; kept while off. Null only before the first reason was given. */
  readonly reason: string | null;
  /** Reference to the change in the caller's own system. */
  readonly ticket: string | null;
  /** When the work is expected to be over. */
  readonly until: Date | null;
  /** True: the service turns the switch off by itself at `until`. */
  readonly autoResume: boolean;
  /** Who and what may pass while it is on. */
  readonly allow: MaintenanceAllowance;
}

/** The canaries of a pause: these workers may take any job, and any worker these datasets. Sorted, without doubles. */
export interface MaintenanceAllowance {
  readonly workers: readonly string[];
  readonly datasets: readonly string[];
}

/** Lets nobody through. */
export const nobody: MaintenanceAllowance = { workers: [], datasets: [] };

/** An allowance in the one order in which allowances are stored and compared. */
export const allowanceOf = (workers: readonly string[], datasets: readonly string[]): MaintenanceAllowance => ({
  workers: [...new Set(workers)].sort(),
  datasets: [...new Set(datasets)].sort(),
});

/** One record: the switch as it was from `at` to the next record. */
export interface MaintenanceRecord extends MaintenanceSetting {
  /** 1, 2, 3, ... without gaps. */
  readonly number: number;
  readonly setBy: Actor;
  /** When this record was made; database clock. */
  readonly at: Date;
  /** Since when the switch is on, or off, without interruption. */
  readonly since: Date;
  /** Milliseconds that the switch was on before `since`, all pauses together. */
  readonly pausedMs: number;
  /** When it first became quiet since it is on; null before, and while off. */
  readonly quietAt: Date | null;
  /** When `until` was found to be over; null before, and while off. */
  readonly overdueAt: Date | null;
}

/** The switch as it is now: the newest record, or `untouched`. */
export type MaintenanceSwitch = MaintenanceSetting & {
  readonly number: number;
  readonly setBy: Actor | null;
  readonly since: Date | null;
  readonly pausedMs: number;
  readonly quietAt: Date | null;
  readonly overdueAt: Date | null;
};

/** The switch before its first record. */
export const untouched: MaintenanceSwitch = {
  number: 0,
  on: false,
  reason: null,
  ticket: null,
  until: null,
  autoResume: false,
  allow: nobody,
  setBy: null,
  since: null,
  pausedMs: 0,
  quietAt: null,
  overdueAt: null,
};

/**
 * The reference's first record, made when its API is asked for a status before there is one.
 * @see contracts/jobs.md 9
 */
export const initialSetting: MaintenanceSetting = {
  on: false,
  reason: 'Initial status inserted by job service at startup.',
  ticket: null,
  until: null,
  autoResume: false,
  allow: nobody,
};

/** What is going on while the switch is set. */
export interface Activity {
  readonly runningJobs: number;
  /** True: a worker that polls without claiming may still start a job that it saw before the pause. */
  readonly oldWorkersMayStart: boolean;
}

/** A worker that polls without claiming is there when it polled within this time. */
export const oldWorkerSeenSeconds = 60;
/** How long such a worker may need from its poll to its first report. */
export const oldWorkerStartsWithinMs = 15_000;

/** The mode of a switch. */
export function modeOf(on: boolean, { runningJobs, oldWorkersMayStart }: Activity): MaintenanceMode {
  if (!on) return 'off';
  return runningJobs > 0 || oldWorkersMayStart ? 'draining' : 'quiet';
}

/** The setting that ends a pause by itself: everything as if somebody had turned it off, with the reason kept. */
export const resumedSetting = ({ reason }: MaintenanceSetting): MaintenanceSetting => ({
  on: false,
  reason,
  ticket: null,
  until: null,
  autoResume: false,
  allow: nobody,
});

/** The marks that a change of the switch leaves standing. */
export function keptMarks(previous: MaintenanceSwitch, setting: MaintenanceSetting): Pick<MaintenanceSwitch, 'quietAt' | 'overdueAt'> {
  const staysOn = previous.on && setting.on;
  const sameEnd = previous.until?.getTime() === setting.until?.getTime();
  return { quietAt: staysOn ? previous.quietAt : null, overdueAt: staysOn && sameEnd ? previous.overdueAt : null };
}

/** The name of a switch's state in history and conflicts. */
export const stateOf = ({ on }: MaintenanceSetting): 'on' | 'off' => (on ? 'on' : 'off');

/** What tells how long the switch has been on. */
export type PauseState = Pick<MaintenanceSwitch, 'on' | 'since' | 'pausedMs'>;

/** All milliseconds under maintenance until an instant at which this is the switch. A server's clock may be behind the one that wrote `since`. */
export const pausedMsUntil = ({ on, since, pausedMs }: PauseState, now: Date): number =>
  on && since ? pausedMs + Math.max(0, now.getTime() - since.getTime()) : pausedMs;

/** What a caller asks for: without a reason, turning off keeps the one that stands. */
export function settingFrom(request: MaintenanceSetting, current: MaintenanceSetting): MaintenanceSetting {
  return request.on ? request : { ...request, reason: request.reason ?? current.reason };
}

/** Who wants to take which job. */
export interface Passage {
  readonly workerId: string;
  /** Null: any dataset, for a question that comes before a job is chosen. */
  readonly datasetName: string | null;
}

/** Why work is not handed out. */
export interface MaintenanceRefusal {
  readonly reason: 'maintenance';
  /** The reason of the pause, for people. */
  readonly detail: string | null;
}

/** Why this worker may not take work of this dataset now; null when it may. Without a dataset it may when there is one that it might take. */
export function refusalOf({ on, reason, allow }: MaintenanceSetting, { workerId, datasetName }: Passage): MaintenanceRefusal | null {
  if (!on || allow.workers.includes(workerId)) return null;
  const passes = datasetName === null ? allow.datasets.length > 0 : allow.datasets.includes(datasetName);
  return passes ? null : { reason: 'maintenance', detail: reason };
}

const settingFields = ['on', 'reason', 'ticket', 'until', 'autoResume', 'allow'] as const;
type SettingField = (typeof settingFields)[number];

/** The fields in which two settings differ, as `field → [before, after]`; empty when they are equal. */
export function differences(
  before: MaintenanceSetting,
  after: MaintenanceSetting,
): Partial<Record<SettingField, readonly [unknown, unknown]>> {
  const differs = (field: SettingField): boolean => !isDeepStrictEqual(before[field], after[field]);
  return Object.fromEntries(settingFields.filter(differs).map((field) => [field, [before[field], after[field]]]));
}

/** True when setting `after` would change nothing. */
export const isEqual = (before: MaintenanceSetting, after: MaintenanceSetting): boolean =>
  Object.keys(differences(before, after)).length === 0;
