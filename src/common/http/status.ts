import type { ErrorKind } from '../errors/app-error.js';

const statuses = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  'timed-out': 408,
  conflict: 409,
  'precondition-failed': 412,
  'too-large': 413,
  'media-type': 415,
  range: 416,
  unprocessable: 422,
  'precondition-required': 428,
  'rate-limited': 429,
  'headers-too-large': 431,
  unexpected: 500,
  unavailable: 503,
} as const satisfies Record<ErrorKind, number>;

/** The HTTP status of an error kind. */
export const statusOf = (kind: ErrorKind): number => statuses[kind];
