import { describe, expect, it } from '@jest/globals';
import { bearerTokenOf } from './token-header.js';

describe('bearerTokenOf', () => {
  it.each(['Bearer a.b.c', 'bearer a.b.c', 'BEARER   a.b.c  '])('finds the token in "%s"', (header) => {
    expect(bearerTokenOf(header)).toBe('a.b.c');
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic dXNlcjpwYXNz', 'Bearera.b.c', 'a.b.c'])('finds no token in "%s"', (header) => {
    expect(() => bearerTokenOf(header)).toThrow(expect.objectContaining({ code: 'AUTH.TOKEN_MISSING' }));
  });

  it('takes a token of 8 KiB and no longer one', () => {
    expect(bearerTokenOf(`Bearer ${'a'.repeat(8_192)}`)).toHaveLength(8_192);
    expect(() => bearerTokenOf(`Bearer ${'a'.repeat(8_193)}`)).toThrow(expect.objectContaining({ kind: 'headers-too-large' }));
  });

  it('is quick with hostile spaces', () => {
    const startedAt = performance.now();
    expect(() => bearerTokenOf(`Bearer a${' '.repeat(8_000)}b `)).not.toThrow();
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
