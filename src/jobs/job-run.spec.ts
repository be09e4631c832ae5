import { describe, expect, it } from '@jest/globals';
import { attemptAt, runIdOf } from './job-run.js';
import type { JobAttempt } from './jobs.schema.js';

const at = (second: number): Date => new Date(second * 1_000);

const attempt = (number: number, startedAt: number, endedAt: number | null): JobAttempt => ({
  ...{ attempt: number, workerId: 'w', startedAt: at(startedAt), endedAt: endedAt === null ? null : at(endedAt) },
  ...{ outcome: endedAt === null ? null : 'lost', error: null, phases: [], leaseMark: null },
});

describe('attemptAt', () => {
  const attempts = [attempt(1, 10, 20), attempt(2, 30, null)];

  it.each([
    ['before the first', 5, undefined],
    ['as the first begins', 10, 1],
    ['while the first runs', 15, 1],
    ['as the first ends', 20, 1],
    ['between the two', 25, undefined],
    ['as the second begins', 30, 2],
    ['while the second runs', 99, 2],
  ] as const)('finds the attempt of a change %s', (_when, second, expected) => {
    expect(attemptAt(attempts, at(second))?.attempt).toBe(expected);
  });

  it('takes the one that ended, where another one began at the same moment', () => {
    expect(attemptAt([attempt(1, 10, 20), attempt(2, 20, null)], at(20))?.attempt).toBe(1);
  });
});

describe('runIdOf', () => {
  it('is the UUID v5 of the attempt in the namespace of the job', () => {
    expect(runIdOf('6f3c9a52-3f0e-4c0b-9d3c-0a6f5d8a7b21', 2)).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(runIdOf('6f3c9a52-3f0e-4c0b-9d3c-0a6f5d8a7b21', 2)).not.toBe(runIdOf('6f3c9a52-3f0e-4c0b-9d3c-0a6f5d8a7b21', 1));
  });
});
