import { boolean, model, parseModel, string } from '../common/compat/pydantic.js';
import { naiveIso } from '../common/compat/timestamps.js';
import { type MaintenanceRecord, type MaintenanceSetting, nobody } from './maintenance-lifecycle.js';

/** A maintenance status as the reference shows it; the order of the keys is part of it. */
export interface CompatMaintenanceStatus {
  readonly msg: string;
  readonly paused: boolean;
  readonly timestamp: string;
}

const statusRequest = model('MaintenanceStatusRequest', { msg: string, paused: boolean });

/**
 * The setting that a status request asks for.
 * @throws CompatError 400 in the reference's words
 * @see contracts/jobs.md 9
 */
export function settingOfStatusRequest(body: unknown): MaintenanceSetting {
  const { msg, paused } = parseModel(statusRequest, body);
  return { on: paused, reason: msg, ticket: null, until: null, autoResume: false, allow: nobody };
}

/** A record as the reference shows it: time in UTC as `YYYY-MM-DD HH:MM:SS.ffffff`. */
export function compatStatusOf(record: MaintenanceRecord): CompatMaintenanceStatus {
  return { msg: record.reason ?? '', paused: record.on, timestamp: naiveIso(record.at).replace('T', ' ') };
}
