export { JobsModule } from './jobs.module.js';
export { JobsReader } from './jobs.reader.js';
