import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { problemMediaType } from './problem.js';

const descriptions: Record<number, string> = {
  400: 'The request is not valid',
  401: 'No usable token',
  403: 'The token lacks a role',
  404: 'Not found',
  409: 'Conflict with the present state',
  412: 'Changed since it was read',
  413: 'Too large',
  415: 'Not JSON',
  422: 'Idempotency-Key was used with another body',
  428: 'If-Match is missing',
  429: 'Too many requests',
  503: 'Not available now; Retry-After says when',
};

/** The schema of a problem document, shared by all problem answers. */
export const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'instance', 'requestId', 'retryable', 'errors'],
  properties: {
    type: { type: 'string', description: 'Page with cause and cure.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'Stable, such as JOBS.TARGET_BUSY.' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    requestId: { type: 'string' },
    retryable: { type: 'boolean' },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { pointer: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } } },
    },
  },
};

/** How an answer with a problem document is described. */
export const problemResponse = (status: number) => ({
  description: descriptions[status] ?? 'Problem',
  content: { [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' } } },
});

/** Documents that a native route answers these statuses with problem documents. */
export function ApiProblems(...statuses: number[]): MethodDecorator & ClassDecorator {
  return applyDecorators(...statuses.map((status) => ApiResponse({ status, ...problemResponse(status) })));
}
