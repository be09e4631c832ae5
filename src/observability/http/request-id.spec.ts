import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { requestIdOf, traceIdOf, traceparentOf } from './request-id.js';

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

describe('requestIdOf', () => {
  it.each(['r-91', 'job-service-5f1a', 'a.b_C-9', 'x'.repeat(64)])('takes %s', (given) => {
    expect(requestIdOf({ 'x-request-id': given })).toBe(given);
  });

  it.each(['', 'a b', 'x'.repeat(65), 'ä', 'a\nb', 'a, b', '<script>', 'a\u202e'])('replaces %j', (given) => {
    expect(requestIdOf({ 'x-request-id': given })).toMatch(uuid);
  });

  it('makes one where none is given', () => {
    expect(requestIdOf({})).toMatch(uuid);
    expect(requestIdOf({})).not.toBe(requestIdOf({}));
  });

  it('is sane for every header', () => {
    fc.assert(fc.property(fc.string(), (given) => /^[\w.-]{1,64}$/.test(requestIdOf({ 'x-request-id': given }))));
  });
});

describe('traceparentOf', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const valid = `00-${traceId}-00f067aa0ba902b7-01`;

  it('takes a valid one and finds its trace id', () => {
    expect(traceparentOf({ traceparent: valid })).toBe(valid);
    expect(traceIdOf(valid)).toBe(traceId);
  });

  it('reads a later version as version 00', () => {
    expect(traceparentOf({ traceparent: `cc-${traceId}-00f067aa0ba902b7-01-what-the-future-holds` })).toBe(valid);
  });

  it.each([
    'nonsense',
    `ff-${traceId}-00f067aa0ba902b7-01`,
    `${valid}-more`,
    valid.toUpperCase(),
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.slice(1)}-00f067aa0ba902b7-01`,
  ])('replaces %s', (given) => {
    const made = traceparentOf({ traceparent: given });
    expect(made).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
    expect(traceIdOf(made)).not.toBe(traceId);
  });

  it('is valid for every header', () => {
    fc.assert(fc.property(fc.string(), (given) => /^00-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(traceparentOf({ traceparent: given }))));
  });
});
