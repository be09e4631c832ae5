import { describe, expect, it } from '@jest/globals';
import { claimMarkOf, closingMarkOf, leaseMarkOf, newLeaseToken } from './lease-token.js';

describe('lease tokens', () => {
  it('have 128 bits and never repeat', () => {
    const tokens = Array.from({ length: 1_000 }, newLeaseToken);
    expect(new Set(tokens).size).toBe(1_000);
    for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(16);
  });

  it('are not what is kept of them', () => {
    const token = newLeaseToken();
    expect(leaseMarkOf(token)).not.toContain(token);
    expect(leaseMarkOf(token)).toBe(leaseMarkOf(token));
    expect(leaseMarkOf(token)).not.toBe(leaseMarkOf(newLeaseToken()));
  });
});

describe('the fingerprint of a closing call', () => {
  const mark = closingMarkOf('fail', 't', { error: { code: 'E', message: 'm' }, retryable: true });

  it('does not depend on the order of keys', () => {
    expect(closingMarkOf('fail', 't', { retryable: true, error: { message: 'm', code: 'E' } })).toBe(mark);
  });

  it.each([
    ['another call', closingMarkOf('complete', 't', { error: { code: 'E', message: 'm' }, retryable: true })],
    ['another token', closingMarkOf('fail', 'u', { error: { code: 'E', message: 'm' }, retryable: true })],
    ['another body', closingMarkOf('fail', 't', { error: { code: 'E', message: 'm' }, retryable: false })],
    ['a longer body', closingMarkOf('fail', 't', { error: { code: 'E', message: 'm', details: {} }, retryable: true })],
  ])('differs for %s', (_what, other) => expect(other).not.toBe(mark));
});

describe('the name of a claim', () => {
  it('belongs to one worker of one caller', () => {
    const mark = claimMarkOf({ actorId: 'a', workerId: 'w' }, 'c');
    expect(claimMarkOf({ actorId: 'a', workerId: 'w' }, 'c')).toBe(mark);
    expect(claimMarkOf({ actorId: 'b', workerId: 'w' }, 'c')).not.toBe(mark);
    expect(claimMarkOf({ actorId: 'a', workerId: 'x' }, 'c')).not.toBe(mark);
    expect(claimMarkOf({ actorId: 'a', workerId: 'wc' }, '')).not.toBe(mark);
  });
});
