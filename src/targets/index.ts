export { TargetsModule } from './targets.module.js';
export { TargetsReader, type NamePlace } from './targets.service.js';
export { type ActiveWork, ActiveWorkRegistry, type ActiveWorkSource, TargetOutcomes, type TargetRow } from './target-rows.js';
