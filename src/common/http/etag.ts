import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
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
