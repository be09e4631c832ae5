import { describe, expect, it } from '@jest/globals';
import { Turns } from './turns.js';

/** Work that says when it begins and ends, and lets others run in between. */
const workOf = (log: string[]) => (name: string) => async (): Promise<string> => {
  log.push(`${name} begins`);
  await new Promise((resolve) => setImmediate(resolve));
  log.push(`${name} ends`);
  return name;
};

describe('Turns', () => {
  it('runs work on one subject in the order of coming, and other work beside it', async () => {
    const [turns, log] = [new Turns(), [] as string[]];
    const work = workOf(log);
    const results = await Promise.all([turns.take('x', work('a')), turns.take('x', work('b')), turns.take('y', work('c'))]);
    expect(results).toEqual(['a', 'b', 'c']);
    expect(log.filter((line) => !line.startsWith('c'))).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
    expect(log.indexOf('c begins')).toBeLessThan(log.indexOf('a ends'));
  });

  it('goes on after work that failed, and forgets subjects without work', async () => {
    const turns = new Turns();
    const failing = turns.take('x', () => Promise.reject(new Error('kaput')));
    const next = turns.take('x', () => Promise.resolve(1));
    await expect(failing).rejects.toThrow('kaput');
    expect(await next).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect((turns as unknown as { ends: Map<string, unknown> }).ends.size).toBe(0);
  });
});
