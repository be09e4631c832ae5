import type { Actor } from '../common/caller.js';

/**
 * The maintenance switch. It is off until somebody turns it on; every change of it, also of its reason alone, makes a new record with the next number, and the
 * newest record is the switch. While it is on, creating jobs stays allowed and handing them out stops; what the platform does meanwhile is the mode.
 */
export const maintenanceModes = ['off', 'draining', 'quiet'] as const;
/** `draining`: on, and a job is still running. `quiet`: on, and none is. Queued jobs do not count. */
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
}

/** One record: the switch as it was from `at` to the next record. */
export interface MaintenanceRecord extends MaintenanceSetting {
  /** 1, 2, 3, ... without gaps. */
  readonly number: number;
  readonly setBy: Actor;
  /** When this record was made; database clock. */
  readonly at: Date;
  /** Since when the switch is on, or off, without interruption. */
  readonly since: Date;
}

/** The switch as it is now: the newest record, or `untouched`. */
export type MaintenanceSwitch = MaintenanceSetting & {
  readonly number: number;
  readonly setBy: Actor | null;
  readonly since: Date | null;
};

/** The switch before its first record. */
export const untouched: MaintenanceSwitch = { number: 0, on: false, reason: null, ticket: null, until: null, setBy: null, since: null };

/**
 * The reference's first record, made when its API is asked for a status before there is one.
 * @see contracts/jobs.md 9
 */
export const initialSetting: MaintenanceSetting = {
  on: false,
  reason: 'Initial status inserted by job service at startup.',
  ticket: null,
  until: null,
};

/** The mode of a switch while `runningJobs` jobs are running. */
export function modeOf(on: boolean, runningJobs: number): MaintenanceMode {
  if (!on) return 'off';
  return runningJobs > 0 ? 'draining' : 'quiet';
}

/** The name of a switch's state in history and conflicts. */
export const stateOf = ({ on }: MaintenanceSetting): 'on' | 'off' => (on ? 'on' : 'off');

/** What a caller asks for: without a reason, turning off keeps the one that stands. */
export function settingFrom(request: MaintenanceSetting, current: MaintenanceSetting): MaintenanceSetting {
  return request.on ? request : { ...request, reason: request.reason ?? current.reason };
}

const settingFields = ['on', 'reason', 'ticket', 'until'] as const;
type SettingField = (typeof settingFields)[number];

/** The fields in which two settings differ, as `field → [before, after]`; empty when they are equal. */
export function differences(
  before: MaintenanceSetting,
  after: MaintenanceSetting,
): Partial<Record<SettingField, readonly [unknown, unknown]>> {
  const differs = (field: SettingField): boolean => before[field]?.valueOf() !== after[field]?.valueOf();
  return Object.fromEntries(settingFields.filter(differs).map((field) => [field, [before[field], after[field]]]));
}

/** True when setting `after` would change nothing. */
export const isEqual = (before: MaintenanceSetting, after: MaintenanceSetting): boolean =>
  Object.keys(differences(before, after)).length === 0;
