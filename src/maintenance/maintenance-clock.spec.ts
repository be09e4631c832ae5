import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pausedMs } from './maintenance-clock.js';

describe('pausedMs', () => {
  it('is the number of milliseconds of the range in which the switch was on', () => {
    const switches = fc.array(fc.record({ on: fc.boolean(), at: fc.integer({ min: 0, max: 60 }) }), { maxLength: 8 });
    fc.assert(
      fc.property(switches, fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }), (records, from, to) => {
        const inOrder = [...records].sort((a, b) => a.at - b.at);
        let expected = 0;
        for (let ms = from; ms < to; ms++) if (inOrder.findLast(({ at }) => at <= ms)?.on) expected++;
        const dated = records.map(({ on, at }) => ({ on, at: new Date(at) }));
        expect(pausedMs(dated, new Date(from), new Date(to))).toBe(expected);
      }),
    );
  });
});
