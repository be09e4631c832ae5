import { AppError, defineError } from '../common/errors/app-error.js';
import type { ActiveJob } from '../jobs/index.js';

const notFound = defineError({
  code: 'DATASETS.NOT_FOUND',
  kind: 'not-found',
  title: 'No such dataset',
  cause: 'No job was ever made for this name, and no importable file has it.',
  cure: 'Compare the spelling with `GET /api/v1/datasets`; names are compared exactly.',
});

/** Thrown when a name is neither a target nor an importable file. */
export class DatasetNotFoundError extends AppError {
  constructor(name: string) {
    super(notFound, `No dataset is named ${name}.`);
  }
}

const busy = defineError({
  code: 'DATASETS.BUSY',
  kind: 'conflict',
  title: 'Dataset has an active job',
  cause: 'A queued or running job has this dataset and may need its file.',
  cure: 'Wait for the job in `holder` to end, or cancel it first.',
  retryable: true,
});

/** Thrown when the file of a dataset with an active job is to be deleted. */
export class DatasetBusyError extends AppError {
  constructor(job: ActiveJob) {
    const { jobId, status, phase, percent, workerId, leaseExpiresAt } = job;
    super(busy, `Dataset ${job.datasetName} has an active job: ${jobId} (${job.operation}) is ${phase ?? status}.`, {
      details: { holder: { jobId, status, phase, percent, workerId, leaseExpiresAt: leaseExpiresAt?.toISOString() ?? null } },
    });
  }
}
