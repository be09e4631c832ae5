export { MaintenanceGate } from './maintenance-gate.js';
export { MaintenanceModule } from './maintenance.module.js';
export { type RunningJob, RunningJobs } from './running-jobs.js';
