export { MaintenanceGate } from './maintenance-gate.js';
export type { MaintenanceSwitch } from './maintenance-lifecycle.js';
export { MaintenanceModule } from './maintenance.module.js';
export { RunningJobs } from './running-jobs.js';
export type { RunningJob } from './running-jobs.js';
