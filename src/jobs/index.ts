export { JobsModule } from './jobs.module.js';
export { type ActiveJob, JobsReader, type LinkedJob } from './jobs.reader.js';
