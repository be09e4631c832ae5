export { JobsModule } from './jobs.module.js';
export { JobsReader, type JobPageRequest } from './jobs.reader.js';
export { toJobDto } from './job-mapper.js';
export { JobDto, JobPageDto } from './jobs.dto.js';
export type { ListedJob } from './job-views.js';
