export { JobsModule } from './jobs.module.js';
export { JobsReader, type LinkedJob } from './jobs.reader.js';
