import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { s3PathIn } from './s3-path.js';

/** @see contracts/traces.md 4.4 */
const vectors = [
  ['my/path/to/file (2020).xlsx', 'bXkvcGF0aC90by9maWxlICgyMDIwKS54bHN4'],
  ['raw/green/ds/version=1/edition=e1/a.csv', 'cmF3L2dyZWVuL2RzL3ZlcnNpb249MS9lZGl0aW9uPWUxL2EuY3N2'],
  [
    'raw/green/my-ds/version=1/edition=20201112T0900/fil æøå.csv',
    'cmF3L2dyZWVuL215LWRzL3ZlcnNpb249MS9lZGl0aW9uPTIwMjAxMTEyVDA5MDAvZmlsIMOmw7jDpS5jc3Y=',
  ],
  ['raw/green/ds/version=1/edition=x/foø/Årsrapport?.csv', 'cmF3L2dyZWVuL2RzL3ZlcnNpb249MS9lZGl0aW9uPXgvZm/DuC/DhXJzcmFwcG9ydD8uY3N2'],
] as const;

describe('s3PathIn', () => {
  it.each(vectors)('reads %s', (key, parameter) => {
    expect(s3PathIn(parameter)).toBe(key);
  });

  it('reads every key in either alphabet, padded or not', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (key) => {
        const bytes = Buffer.from(key);
        for (const form of [bytes.toString('base64'), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url')])
          expect(s3PathIn(form)).toBe(bytes.toString());
      }),
    );
  });

  it('drops what is outside the alphabet, and bytes that are not UTF-8', () => {
    expect(s3PathIn('YS9i LmN\n*zdg==')).toBe('a/b.csv');
    expect(s3PathIn(Buffer.from([0x61, 0xff, 0x62, 0xc3]).toString('base64'))).toBe('ab');
    expect(s3PathIn(Buffer.from([0x61, 0xef, 0xbf, 0xbd, 0xff]).toString('base64'))).toBe('a\ufffd');
  });

  it.each(['', 'A', '====', 'YWJjZ'])('finds no key in %j', (parameter) => {
    expect(s3PathIn(parameter)).toBeNull();
  });
});
