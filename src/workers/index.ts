export { CompatPolls } from './compat-polls.js';
export { type HeldJob, HeldWorkRegistry, type HeldWorkSource, type WaitingOperation } from './held-work.js';
export { WorkerRegistry } from './worker-registry.js';
export { WorkersModule } from './workers.module.js';
