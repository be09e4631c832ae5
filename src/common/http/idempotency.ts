import { createHash } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { RequestInvalidError } from '../errors/request.errors.js';
import { pathOf } from './request-path.js';

/** The key of a creating call. */
export interface IdempotencyKey {
  /** Method and path, and once the caller is known also the caller. */
  readonly scope: string;
  readonly key: string;
  /** SHA-256 of the body. */
  readonly fingerprint: string;
}

/** A 2xx answer, as it is replayed. */
export interface StoredAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly location: string | null;
}

/** SHA-256 of a body, as it was parsed. */
export const bodyFingerprint = (body: unknown): string => createHash('sha256').update(JSON.stringify(body)).digest('hex');

/**
 * The idempotency key of a request; undefined without the header.
 * @throws RequestInvalidError when it is not 1-255 visible ASCII characters
 */
export function idempotencyKeyOf(request: FastifyRequest): IdempotencyKey | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new RequestInvalidError('Idempotency-Key must be 1 to 255 visible ASCII characters.', [
      { pointer: 'Idempotency-Key', code: 'format', message: 'must be 1 to 255 visible ASCII characters' },
    ]);
  }
  return { scope: `${request.method} ${pathOf(request)}`, key, fingerprint: bodyFingerprint(request.body) };
}

/** Injects the key of a creating call, or undefined. */
export const IdempotencyKeyOf = createParamDecorator((_: unknown, context: ExecutionContext) =>
  idempotencyKeyOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
