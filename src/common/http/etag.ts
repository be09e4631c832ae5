import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AppError, defineError } from '../errors/app-error.js';
import { RequestInvalidError } from '../errors/request.errors.js';

/** A version, or any version that exists. */
export type ExpectedVersion = number | '*';

/** The strong entity tag of a version. */
export const etagOf = (version: number): string => `"${version}"`;

/**
 * The version that an If-Match header names; undefined without one.
 * @throws RequestInvalidError when it is neither `*` nor one tag as this service makes them
 */
export function expectedVersion(header: string | undefined): ExpectedVersion | undefined {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return '*';
  const version = /^"(\d{1,15})"$/.exec(header.trim())?.[1];
  if (version === undefined) {
    throw new RequestInvalidError('If-Match must be * or one ETag of this resource, such as "3".', [
      { pointer: 'If-Match', code: 'format', message: 'must be * or one ETag, such as "3"' },
    ]);
  }
  return Number(version);
}

/** Injects the version that If-Match names, `*`, or undefined. */
export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext) =>
  expectedVersion(context.switchToHttp().getRequest<FastifyRequest>().headers['if-match']),
);

const failed = defineError({
  code: 'PRECONDITION.FAILED',
  kind: 'precondition-failed',
  title: 'Resource has changed',
  cause: 'The resource is no longer at the version that If-Match names: somebody changed it after you read it.',
  cure: 'Read it again, look at `changedBy`, decide again, and send the new ETag.',
});

/** Thrown when If-Match names another version than the stored one. */
export class PreconditionFailedError extends AppError {
  constructor(current: { status: string; version: number }, changedBy: { id: string; name: string } | null) {
    super(failed, `The resource is at version ${current.version} now.`, { details: { current, changedBy } });
  }
}

const required = defineError({
  code: 'PRECONDITION.REQUIRED',
  kind: 'precondition-required',
  title: 'If-Match is required',
  cause: 'This change needs the ETag of the version that you have seen, so that you cannot overwrite the change of somebody else.',
  cure: 'Send the `ETag` of the last GET as `If-Match`, or `If-Match: *` to change whatever is there.',
});

/** Thrown when a route requires If-Match and the request has none. */
export class PreconditionRequiredError extends AppError {
  constructor() {
    super(required, 'Send If-Match with the ETag that you read, or *.');
  }
}
