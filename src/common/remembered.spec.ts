import { describe, expect, it } from '@jest/globals';
import { Remembered } from './remembered.js';

describe('Remembered', () => {
  it('asks about each subject once while the answer is kept', async () => {
    const asked: string[] = [];
    const remembered = new Remembered(60_000, (subject) => (asked.push(subject), Promise.resolve(asked.length)));
    expect(await Promise.all(['a', 'a', 'b', 'a'].map((subject) => remembered.of(subject)))).toEqual([1, 1, 2, 1]);
    expect(asked).toEqual(['a', 'b']);
  });

  it('asks again once the time is over, and after a failure', async () => {
    let asked = 0;
    const short = new Remembered(0, () => Promise.resolve(++asked));
    expect([await short.of('a'), await short.of('a')]).toEqual([1, 2]);
    const failing = new Remembered(60_000, () => (++asked === 3 ? Promise.reject(new Error('away')) : Promise.resolve(asked)));
    await expect(failing.of('a')).rejects.toThrow('away');
    expect(await failing.of('a')).toBe(4);
  });
});
