import { AppError, defineError } from '../common/errors/app-error.js';

const notFound = defineError({
  code: 'JOBS.NOT_FOUND',
  kind: 'not-found',
  title: 'No such job',
  cause: 'No job has this id, or it was deleted after its retention time.',
  cure: 'List the jobs of the dataset with `GET /api/v1/jobs?dataset=NAME`.',
});

/** Thrown when no job has the id. */
export class JobNotFoundError extends AppError {
  constructor(jobId: string) {
    super(notFound, `No job has the id ${jobId}.`);
  }
}

const targetBusy = defineError({
  code: 'JOBS.TARGET_BUSY',
  kind: 'conflict',
  title: 'Dataset has an active job',
  cause: 'A dataset has at most one unfinished job, and the one in `holder` is not finished.',
  cure: 'Wait until the holder ends, cancel it, or create with `onConflict: "return"` to work with it.',
  retryable: true,
});

/** The unfinished job that keeps a dataset busy. */
export interface JobHolder {
  readonly jobId: string;
  readonly operation: string;
  readonly status: string;
  readonly phase: string | null;
  readonly percent: number | null;
  readonly workerId: string | null;
  readonly leaseExpiresAt: string | null;
  /** From past runs of the operation; null while it is queued, or too few are known. */
  readonly expectedEndAt: string | null;
  readonly createdAt: string;
}

/** Thrown when a job is created for a dataset that has an unfinished one. */
export class TargetBusyError extends AppError {
  constructor(sentence: string, holder: JobHolder | null) {
    super(targetBusy, sentence, { details: { holder } });
  }
}

const final = defineError({
  code: 'JOBS.FINAL',
  kind: 'conflict',
  title: 'Job is finished',
  cause: 'The job has ended; finished jobs never change.',
  cure: 'Look at its outcome. To run it again, create a new job.',
});

/** Thrown when a finished job is to be changed. */
export class JobFinalError extends AppError {
  constructor(current: { status: string; version: number }) {
    super(final, `The job is ${current.status} and never changes again.`, { details: { current } });
  }
}

const parametersInvalid = defineError({
  code: 'JOBS.PARAMETERS_INVALID',
  kind: 'invalid',
  title: 'Parameters do not fit the operation',
  cause: 'A parameter that the operation needs is missing or wrong, or one was sent that the operation does not have.',
  cure: 'Send the parameters of the operation as listed in the description of `POST /api/v1/jobs`.',
});

/** Thrown when the parameters of a new job do not fit its operation. */
export class JobParametersInvalidError extends AppError {
  constructor(message: string, pointer = '/parameters') {
    super(parametersInvalid, message, { errors: [{ pointer, code: 'parameters', message }] });
  }
}

const operationDisabled = defineError({
  code: 'JOBS.OPERATION_DISABLED',
  kind: 'conflict',
  title: 'Operation is disabled',
  cause: 'This installation does not allow the operation: BUMP needs `BUMP_ENABLED=true`.',
  cure: 'Ask the administrator to enable it.',
});

/** Thrown when a job is created with an operation that the settings disable. */
export class OperationDisabledError extends AppError {
  constructor() {
    super(operationDisabled, 'Bumping the datastore is disabled.');
  }
}

const notFinal = defineError({
  code: 'JOBS.NOT_FINAL',
  kind: 'conflict',
  title: 'Job is not finished',
  cause: 'Only a finished job can be run again; this one is queued or running.',
  cure: 'Wait for its end, or cancel it first.',
});

/** Thrown when a job is to be retried that has not ended. */
export class JobNotFinalError extends AppError {
  constructor(current: { status: string; version: number }) {
    super(notFinal, `The job is ${current.status}, not finished.`, { details: { current } });
  }
}
