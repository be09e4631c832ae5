import { describe, expect, it } from '@jest/globals';
import { Bell } from './bell.js';

const never = new AbortController().signal;

describe('Bell', () => {
  it('ends a waiting at a ring', async () => {
    const bell = new Bell();
    const waiting = bell.wait(60_000, never);
    bell.ring();
    await waiting;
  });

  it('keeps one ring for the next waiting, however often it rang', async () => {
    const bell = new Bell();
    bell.ring();
    bell.ring();
    await bell.wait(60_000, never);
    const startedAt = performance.now();
    await bell.wait(20, never);
    expect(performance.now() - startedAt).toBeGreaterThan(15);
  });

  it('ends a waiting when the signal aborts, also when it did before', async () => {
    const bell = new Bell();
    const controller = new AbortController();
    const waiting = bell.wait(60_000, controller.signal);
    controller.abort();
    await waiting;
    await bell.wait(60_000, controller.signal);
  });
});
