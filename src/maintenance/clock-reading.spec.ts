import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ClockReading } from './clock-reading.js';
import { pausedMsUntil, type PauseState, untouched } from './maintenance-lifecycle.js';

interface Step {
  readonly on: boolean;
  readonly ms: number;
}

/** What the store makes of these settings, one after the other: the switch, and whether it was on in each millisecond. */
function lived(steps: readonly Step[]): { switches: { on: boolean; since: Date; pausedMs: number; fromMs: number }[]; wasOn: boolean[] } {
  const wasOn: boolean[] = [];
  const switches: { on: boolean; since: Date; pausedMs: number; fromMs: number }[] = [];
  let previous: PauseState = untouched;
  for (const { on, ms } of steps) {
    const now = new Date(wasOn.length);
    const pausedMs = previous.on && !on ? pausedMsUntil(previous, now) : previous.pausedMs;
    const current = { on, since: previous.since !== null && previous.on === on ? previous.since : now, pausedMs };
    switches.push({ ...current, fromMs: wasOn.length });
    wasOn.push(...Array.from({ length: ms }, () => on));
    previous = current;
  }
  return { switches, wasOn };
}

const steps = fc.array(fc.record({ on: fc.boolean(), ms: fc.integer({ min: 0, max: 20 }) }), { minLength: 1, maxLength: 10 });

/** The clock at an instant of such a life. */
function readingAt({ switches }: ReturnType<typeof lived>, ms: number, stops = true): ClockReading {
  const current = switches.findLast(({ fromMs }) => fromMs <= ms)!;
  return new ClockReading(new Date(ms), pausedMsUntil(current, new Date(ms)), stops);
}

describe('the clock that stands still under maintenance', () => {
  it('counts exactly the milliseconds in which the switch was on', () => {
    fc.assert(
      fc.property(steps, fc.nat(), (taken, seed) => {
        const life = lived(taken);
        const ms = life.wasOn.length === 0 ? 0 : seed % (life.wasOn.length + 1);
        expect(readingAt(life, ms).pausedMs).toBe(life.wasOn.slice(0, ms).filter(Boolean).length);
      }),
    );
  });

  it('ends a limit when the counted time since it was set is longer than it was, and never un-ends it', () => {
    fc.assert(
      fc.property(steps, fc.nat(), fc.integer({ min: -5, max: 60 }), (taken, seed, length) => {
        const life = lived(taken);
        const setAt = life.wasOn.length === 0 ? 0 : seed % (life.wasOn.length + 1);
        const { pausedMs } = readingAt(life, setAt);
        const endsAt = new Date(setAt + length);
        for (let ms = setAt; ms <= life.wasOn.length; ms++) {
          const counted = life.wasOn.slice(setAt, ms).filter((on) => !on).length;
          expect(readingAt(life, ms).isOver(endsAt, pausedMs)).toBe(counted > length);
        }
      }),
    );
  });

  it('is the plain clock where the settings say so', () => {
    const life = lived([
      { on: true, ms: 10 },
      { on: false, ms: 10 },
    ]);
    expect(readingAt(life, 8, false).isOver(new Date(7), 0)).toBe(true);
    expect(readingAt(life, 8).isOver(new Date(7), 0)).toBe(false);
    expect(readingAt(life, 8, false).overCondition({ endsAt: 'dueAt', pausedMs: 'duePausedMs' })).toEqual({
      dueAt: { $type: 'date', $lt: new Date(8) },
    });
  });

  it('does not run backwards on a server whose clock is behind', () => {
    expect(pausedMsUntil({ on: true, since: new Date(10), pausedMs: 3 }, new Date(7))).toBe(3);
  });
});
