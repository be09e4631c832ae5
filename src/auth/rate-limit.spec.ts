import { describe, expect, it } from '@jest/globals';
import { SubjectRateLimit } from './rate-limit.js';

const limited = expect.objectContaining({ code: 'RATE.LIMITED', retryAfterSeconds: 1 });

describe('SubjectRateLimit', () => {
  it('takes as many requests at once as a second has, then refuses until time has passed', () => {
    let nowMs = 0;
    const limit = new SubjectRateLimit(5, () => nowMs);
    for (let count = 0; count < 5; count += 1) limit.take('a');
    expect(() => limit.take('a')).toThrow(limited);
    nowMs = 200;
    limit.take('a');
    expect(() => limit.take('a')).toThrow(limited);
  });

  it('counts each subject by itself', () => {
    const limit = new SubjectRateLimit(1, () => 0);
    limit.take('a');
    limit.take('b');
    expect(() => limit.take('a')).toThrow(limited);
  });

  it('saves up no more than a second has', () => {
    let nowMs = 0;
    const limit = new SubjectRateLimit(2, () => nowMs);
    limit.take('a');
    nowMs = 3_600_000;
    limit.take('a');
    limit.take('a');
    expect(() => limit.take('a')).toThrow(limited);
  });

  it('forgets those seen longest ago when there are too many', () => {
    const limit = new SubjectRateLimit(1, () => 0);
    limit.take('first');
    for (let count = 0; count < 10_000; count += 1) limit.take(`s${count}`);
    expect(() => limit.take('first')).not.toThrow();
    expect(() => limit.take('s9999')).toThrow(limited);
  });
});
