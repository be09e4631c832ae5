export { dateIn } from './trace-time.js';
export { TracesModule } from './traces.module.js';
