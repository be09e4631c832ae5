import { describe, expect, it } from '@jest/globals';
import { BoundedCall, NoAnswerError } from './bounded-call.js';

describe('BoundedCall', () => {
  it('shares one asking among all who wait, and asks anew afterwards', async () => {
    let asked = 0;
    const call = new BoundedCall(async () => ++asked, 1_000);
    expect(await Promise.all([call.ask(), call.ask()])).toEqual([1, 1]);
    expect(await call.ask()).toBe(2);
  });

  it('gives up at the limit and does not ask again while the first asking hangs', async () => {
    let asked = 0;
    let answer: (value: string) => void = () => undefined;
    const call = new BoundedCall(() => {
      asked++;
      return new Promise<string>((resolve) => (answer = resolve));
    }, 20);
    await expect(call.ask()).rejects.toThrow(NoAnswerError);
    await expect(call.ask()).rejects.toThrow('no answer within 20 ms');
    expect(asked).toBe(1);
    const waiting = call.ask();
    answer('late');
    expect(await waiting).toBe('late');
  });

  it('passes failures on, also those thrown at once', async () => {
    const call = new BoundedCall<never>(() => {
      throw new Error('at once');
    }, 1_000);
    await expect(call.ask()).rejects.toThrow('at once');
    await expect(call.ask()).rejects.toThrow('at once');
  });
});
