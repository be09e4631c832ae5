import { describe, expect, it } from '@jest/globals';
import { Backoff } from './backoff.js';

describe('Backoff', () => {
  it('doubles up to the longest pause', () => {
    const backoff = new Backoff(100, 1_000, () => 1);
    expect([1, 2, 3, 4, 5, 6].map(() => backoff.next())).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it('starts over after a success', () => {
    const backoff = new Backoff(100, 1_000, () => 1);
    backoff.next();
    backoff.next();
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });

  it('takes at least half of a pause, so that many processes spread', () => {
    expect(new Backoff(100, 1_000, () => 0).next()).toBe(50);
  });

  it('stays finite after very many failures', () => {
    const backoff = new Backoff(100, 1_000, () => 1);
    for (let failure = 0; failure < 5_000; failure++) backoff.next();
    expect(backoff.next()).toBe(1_000);
  });
});
