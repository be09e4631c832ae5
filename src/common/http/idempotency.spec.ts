import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FastifyRequest } from 'fastify';
import { RequestInvalidError } from '../errors/request.errors.js';
import { bodyFingerprint, idempotencyKeyOf } from './idempotency.js';

const request = (key: unknown, { url = '/api/v1/jobs?x=1', body = { a: 1 } }: { url?: string; body?: object } = {}): FastifyRequest =>
  ({ method: 'POST', raw: { url }, body, headers: { 'idempotency-key': key } }) as unknown as FastifyRequest;

describe('an Idempotency-Key', () => {
  it('is bound to method, path and body, not to the query', () => {
    const read = idempotencyKeyOf(request('k-1'));
    expect(read).toEqual({ scope: 'POST /api/v1/jobs', key: 'k-1', fingerprint: bodyFingerprint({ a: 1 }) });
    expect(idempotencyKeyOf(request('k-1', { url: '/api/v1/jobs' }))).toEqual(read);
    expect(idempotencyKeyOf(request('k-1', { url: '/api/v1/jobs/bulk' }))?.scope).not.toBe(read?.scope);
    expect(idempotencyKeyOf(request('k-1', { body: { a: 2 } }))?.fingerprint).not.toBe(read?.fingerprint);
  });

  it('may be left out', () => {
    expect(idempotencyKeyOf(request(undefined))).toBeUndefined();
  });

  it('is 1 to 255 visible ASCII characters', () => {
    const visible = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      minLength: 1,
      maxLength: 255,
    });
    fc.assert(fc.property(visible, (key) => idempotencyKeyOf(request(key))?.key === key));
  });

  it.each([
    ['nothing', ''],
    ['a space', 'a b'],
    ['a tab', 'a\tb'],
    ['an umlaut', 'ä'],
    ['a line end', 'a\n'],
    ['256 characters', 'x'.repeat(256)],
    ['two keys', ['a', 'b']],
  ])('refuses %s', (_what, key) => {
    expect(() => idempotencyKeyOf(request(key))).toThrow(RequestInvalidError);
  });
});

describe('the fingerprint of a body', () => {
  it('is equal for equal bodies only', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.jsonValue(),
        (a, b) => (bodyFingerprint(a) === bodyFingerprint(b)) === (JSON.stringify(a) === JSON.stringify(b)),
      ),
    );
  });
});
