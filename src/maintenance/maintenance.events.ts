import { type MaintenanceRecord, type MaintenanceSetting, nobody } from './maintenance-lifecycle.js';

/** Events of the switch: turned on, turned off, changed while it stays on or off; and what happens to it by itself. */
export const maintenanceEvents = [
  'maintenance.on',
  'maintenance.off',
  'maintenance.changed',
  'maintenance.quiet',
  'maintenance.overdue',
] as const;
export type MaintenanceEvent = (typeof maintenanceEvents)[number];

/** The event of a change from one setting to another. */
export function eventOf(before: MaintenanceSetting, after: MaintenanceSetting): MaintenanceEvent {
  if (before.on === after.on) return 'maintenance.changed';
  return after.on ? 'maintenance.on' : 'maintenance.off';
}

/** What the events of a record carry beside their history entry. */
export function eventDataOf(record: MaintenanceRecord): Record<string, unknown> {
  const { number, on, reason, ticket, until, autoResume = false, allow = nobody } = record;
  return { number, on, reason, ticket, until: until?.toISOString() ?? null, autoResume, allow, link: '/api/v1/maintenance' };
}
