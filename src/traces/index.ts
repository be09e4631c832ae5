export { endedAtOf, endsTrace, isFailure } from './trace-fold.js';
export { uuidInTraceId } from './trace-ids.js';
export { dateIn } from './trace-time.js';
export { TracesModule } from './traces.module.js';
