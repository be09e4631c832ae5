export { TargetsModule } from './targets.module.js';
export { TargetsReader } from './targets.service.js';
export { type ActiveWork, ActiveWorkRegistry, type ActiveWorkSource, TargetOutcomes } from './target-rows.js';
