import type { AppError } from '../errors/app-error.js';
import { statusOf } from './status.js';

/** Media type of RFC 9457 problem details. */
export const problemMediaType = 'application/problem+json';

/**
 * The problem document of an error: the members of RFC 9457, then `code`, `requestId`, `retryable`, `errors`, and the error's own details.
 * @see API.md 1.1
 */
export function problemOf(error: AppError, path: string, requestId: string): Record<string, unknown> {
  return {
    type: `/docs/errors/${error.code}`,
    title: error.spec.title,
    status: statusOf(error.kind),
    code: error.code,
    detail: error.message,
    instance: path,
    requestId,
    retryable: error.spec.retryable ?? false,
    errors: error.errors,
    ...error.details,
  };
}
