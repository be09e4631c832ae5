import { describe, expect, it } from '@jest/globals';
import { cacheGigabytes } from './mongod-arguments.js';

const gigabyte = 1024 ** 3;

describe('cacheGigabytes', () => {
  it.each([
    [8, '2.00'],
    [0.5, '0.25'],
    [256, '4.00'],
  ])('is a quarter of the memory within bounds: %d GB give %s', (memory, cache) => {
    expect(cacheGigabytes(memory * gigabyte)).toBe(cache);
  });
});
