import { AppError, defineError } from './app-error.js';

const keyReused = defineError({
  code: 'IDEMPOTENCY.KEY_REUSED',
  kind: 'unprocessable',
  title: 'Idempotency-Key was used with another body',
  cause: 'The same caller sent the same Idempotency-Key to this path within a day, with another body.',
  cure: 'Make a new key for a new request; repeat a request with its old key and the very same body.',
});

/** Thrown when a known Idempotency-Key comes with another body. */
export class IdempotencyKeyReusedError extends AppError {
  constructor() {
    super(keyReused, 'This Idempotency-Key was used with another body.');
  }
}
