import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RequestInvalidError } from '../errors/request.errors.js';
import { etagOf, expectedVersion } from './etag.js';

describe('If-Match', () => {
  it('is any version, one version, or not there', () => {
    expect(['*', ' * ', '"3"', ' "3" ', undefined].map(expectedVersion)).toEqual(['*', '*', 3, 3, undefined]);
  });

  it('reads every tag that this service makes', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 999_999_999_999_999 }), (version) => expectedVersion(etagOf(version)) === version));
  });

  it.each(['', '3', 'W/"3"', '"3", "4"', '"-3"', '"3.0"', '"abc"', '""', '"1234567890123456"', '"3', "'3'"])('refuses %s', (header) => {
    expect(() => expectedVersion(header)).toThrow(RequestInvalidError);
  });
});
