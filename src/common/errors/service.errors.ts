import { AppError, defineError } from './app-error.js';

const unavailable = defineError({
  code: 'SERVICE.UNAVAILABLE',
  kind: 'unavailable',
  title: 'Service is not available now',
  cause: 'The database does not answer, is overloaded, or did not confirm a write in time; the change may or may not have happened.',
  cure: 'Repeat the call after `Retry-After` seconds; every call is safe to repeat. `/health/ready` names the failing part.',
  retryable: true,
});

/** Thrown when the database cannot be reached or did not answer in time: the outcome of a write is then unknown, not failed. */
export class ServiceUnavailableError extends AppError {
  constructor(message = 'The service cannot answer now. Try again.', cause?: unknown) {
    super(unavailable, message, { cause, retryAfterSeconds: 2 });
  }
}

const stopping = defineError({
  code: 'SERVICE.STOPPING',
  kind: 'unavailable',
  title: 'Service is stopping',
  cause: 'This process is being shut down and takes no new work.',
  cure: 'Repeat the call; a load balancer sends it to another replica.',
  retryable: true,
});

/** Thrown when a request arrives while the process shuts down. */
export class ServiceStoppingError extends AppError {
  constructor() {
    super(stopping, 'The service is stopping.', { retryAfterSeconds: 2, headers: { Connection: 'close' } });
  }
}

const unexpected = defineError({
  code: 'SERVICE.UNEXPECTED',
  kind: 'unexpected',
  title: 'Unexpected error',
  cause: 'A fault in the service.',
  cure: 'Report it with the `requestId`, which finds the log line.',
});

/** Thrown in place of any error that is not an `AppError`; tells nothing of its cause. */
export class UnexpectedError extends AppError {
  constructor(cause: unknown) {
    super(unexpected, 'An unexpected error occurred.', { cause });
  }
}
