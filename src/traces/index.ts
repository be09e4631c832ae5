export { dateIn } from './content/trace-time.js';
export { TracesModule } from './traces.module.js';
