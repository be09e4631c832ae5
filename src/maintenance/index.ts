export { type MaintenanceSwitch, refusalOf } from './maintenance-lifecycle.js';
export { MaintenanceClock } from './maintenance-clock.js';
export { type ClockReading, pausedSoFar } from './clock-reading.js';
export { MaintenanceGate } from './maintenance-gate.js';
export { MaintenanceGateModule } from './maintenance-gate.module.js';
export { MaintenanceModule } from './maintenance.module.js';
export { type RunningJob, RunningJobs } from './running-jobs.js';
