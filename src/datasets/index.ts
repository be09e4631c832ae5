export { type DatasetSources, DatasetsModule } from './datasets.module.js';
export { type ActiveJob, DatasetJobs, DatasetTargets, type KnownTarget, type LastOutcome } from './dataset-sources.js';
