import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FastifyRequest } from 'fastify';
import type { RequestInvalidError } from '../errors/request.errors.js';
import { bodyLimitsOf, checkBody } from './body-limits.js';

const limits = { depth: 3, keys: 2, items: 2 };

/** Code and place of the first fault; null without one. */
function faultOf(value: unknown): readonly [string, string] | null {
  try {
    checkBody(value, limits);
    return null;
  } catch (error) {
    const [item] = (error as RequestInvalidError).errors;
    return [item!.code, item!.pointer];
  }
}

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

describe('the structure of a body', () => {
  it.each([
    ['at the limits', { a: [1, 2], b: { c: 'x' } }, null],
    ['no object', 'text', null],
    ['null', null, null],
    ['as deep as allowed', nested(3), null],
    ['too deep', nested(4), ['depth', '/0/0/0']],
    ['too deep in an object', { a: { b: { c: {} } } }, ['depth', '/a/b/c']],
    ['too many keys', { a: { b: 1, c: 2, d: 3 } }, ['keys', '/a']],
    ['too many items', { a: [1, 2, 3] }, ['items', '/a']],
    ['a lone surrogate', { a: ['\ud800'] }, ['unicode', '/a/0']],
    ['a lone surrogate in a key', { '\udc00': 1 }, ['unicode', '']],
    ['a pair of surrogates', { a: '😀' }, null],
  ])('%s', (_what, body, fault) => {
    expect(faultOf(body)).toEqual(fault);
  });

  it('is right as JSON makes it, within wide limits', () => {
    const wide = { depth: 100, keys: 1_000, items: 1_000 };
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => checkBody(JSON.parse(JSON.stringify(value)), wide) === undefined));
  });
});

describe('the limits of a route', () => {
  const of = (config: object) => bodyLimitsOf({ routeOptions: { config } } as unknown as FastifyRequest);

  it('are the defaults but for what its config says', () => {
    expect(of({})).toEqual({ depth: 32, keys: 1_000, items: 1_000 });
    expect(of({ bodyLimits: { items: 10_000 } })).toEqual({ depth: 32, keys: 1_000, items: 10_000 });
  });
});
