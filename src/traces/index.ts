export { endedAtOf, endsTrace, isFailure } from './summary/trace-fold.js';
export { uuidInTraceId } from './content/trace-ids.js';
export { dateIn } from './content/trace-time.js';
export { TracesModule } from './traces.module.js';
