import { AppError, defineError } from '../common/errors/app-error.js';

const notFound = defineError({
  code: 'WORKERS.NOT_FOUND',
  kind: 'not-found',
  title: 'No such worker',
  cause: 'No worker with this name has claimed since it was last forgotten. Workers of the old routes are not known by name.',
  cure: 'List the workers with `GET /api/v1/workers`.',
});

/** Thrown when no worker has the name. */
export class WorkerNotFoundError extends AppError {
  constructor(workerId: string) {
    super(notFound, `No worker is known as ${workerId}.`);
  }
}

const busy = defineError({
  code: 'WORKERS.BUSY',
  kind: 'conflict',
  title: 'Worker holds a job',
  cause: 'The worker holds the jobs in `jobs`, so it cannot be forgotten.',
  cure: 'Drain it and wait until it has finished, or release its jobs.',
  retryable: true,
});

/** Thrown when a worker is to be forgotten that holds a job. */
export class WorkerBusyError extends AppError {
  constructor(workerId: string, jobIds: readonly string[]) {
    super(busy, `${workerId} holds ${jobIds.length === 1 ? 'a job' : `${jobIds.length} jobs`}.`, { details: { jobs: jobIds } });
  }
}
