import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ClaimWaiters, type WaitEnd } from './claim-waiters.js';

describe('ClaimWaiters', () => {
  let waiters: ClaimWaiters;
  let released: string[];
  beforeEach(() => {
    jest.useFakeTimers();
    waiters = new ClaimWaiters();
    released = [];
  });
  afterEach(() => void jest.useRealTimers());

  const wait = (workerId: string, operations: string[], signal = new AbortController().signal): Promise<WaitEnd> => {
    const ended = waiters.wait({ workerId, operations, ms: 1_000, signal });
    void ended.then((how) => released.push(`${workerId} ${how}`));
    return ended;
  };
  const settled = async (): Promise<string[]> => {
    await jest.advanceTimersByTimeAsync(0);
    return released;
  };

  it('releases one claim a wake, the one that waited longest', async () => {
    for (const workerId of ['a', 'b', 'c']) void wait(workerId, ['ADD']);
    waiters.wake('ADD');
    expect(await settled()).toEqual(['a woken']);
    waiters.wake('ADD');
    expect(await settled()).toEqual(['a woken', 'b woken']);
    expect(waiters.size).toBe(1);
  });

  it('takes a released claim out of all of its lists', async () => {
    void wait('a', ['ADD', 'CHANGE']);
    void wait('b', ['CHANGE']);
    waiters.wake('ADD');
    waiters.wake('CHANGE');
    expect(await settled()).toEqual(['a woken', 'b woken']);
    expect(waiters.operations).toEqual([]);
  });

  it('ignores a wake that nobody waits for', async () => {
    void wait('a', ['ADD']);
    waiters.wake('REMOVE');
    expect(await settled()).toEqual([]);
  });

  it('ends a wait with its time, with its signal, or with all others', async () => {
    const gone = new AbortController();
    void wait('a', ['ADD'], gone.signal);
    void wait('b', ['ADD']);
    gone.abort();
    expect(await settled()).toEqual(['a ended']);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(released).toEqual(['a ended', 'b time']);
    void wait('c', ['ADD']);
    waiters.endAll();
    expect(await settled()).toEqual(['a ended', 'b time', 'c ended']);
    expect(waiters.size).toBe(0);
    expect(await waiters.wait({ workerId: 'd', operations: ['ADD'], ms: 1_000, signal: gone.signal })).toBe('ended');
  });

  it('releases all claims of some workers', async () => {
    for (const workerId of ['a', 'b', 'a']) void wait(workerId, ['ADD']);
    expect(waiters.workerIds).toEqual(['a', 'b']);
    waiters.wakeWorkers((workerId) => workerId === 'a');
    expect(await settled()).toEqual(['a woken', 'a woken']);
  });
});
