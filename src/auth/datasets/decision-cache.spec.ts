import { describe, expect, it } from '@jest/globals';
import { DecisionCache } from './decision-cache.js';

const cacheOf = (entries: number) => new DecisionCache<string>({ lifeMs: () => 1_000, entries, nowMs: () => 0 });

describe('DecisionCache', () => {
  it('forgets the oldest answers first when there are too many', async () => {
    const cache = cacheOf(2);
    const asked: string[] = [];
    const ask = (key: string) => cache.get(key, Infinity, () => Promise.resolve(asked.push(key)).then(() => key));
    for (const key of ['a', 'b', 'c', 'c', 'b', 'a']) expect(await ask(key)).toBe(key);
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
  });

  it('does not let a late failure take away a newer answer', async () => {
    const cache = cacheOf(1);
    let fail: (error: Error) => void = () => undefined;
    const failing = cache.get('a', Infinity, () => new Promise<string>((_, reject) => (fail = reject)));
    await cache.get('b', Infinity, () => Promise.resolve('b'));
    await cache.get('a', Infinity, () => Promise.resolve('new'));
    fail(new Error('late'));
    await expect(failing).rejects.toThrow('late');
    expect(await cache.get('a', Infinity, () => Promise.resolve('asked again'))).toBe('new');
  });
});
