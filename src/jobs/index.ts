export { JobsModule } from './jobs.module.js';
export { type ActiveJob, JobsReader } from './jobs.reader.js';
