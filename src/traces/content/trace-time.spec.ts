import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dateIn, placeInTime } from './trace-time.js';

describe('placeInTime', () => {
  it('orders instants whatever their zone and precision', () => {
    const inOrder = [
      '2026-11-22T10:00:00',
      '2026-11-22T10:00:00.000001+00:00',
      '2026-11-22T11:00:00.1+01:00',
      '2026-11-22T10:00:00.123456789Z',
      '2026-11-22 10:00:00.2',
      '2026-11-22T09:00:01-01:00',
      '2026-11-23',
    ];
    const shuffled = [...inOrder].reverse();
    expect(shuffled.sort((a, b) => (placeInTime(a) < placeInTime(b) ? -1 : 1))).toEqual(inOrder);
  });

  it.each(['N/A', '', '2026-02-30T00:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01T10:61:00Z', 'yesterday', '0000-01-01T00:00:00+01:00'])(
    'puts %j, which is no time, behind every time, by its text',
    (text) => {
      expect(placeInTime(text)).toBe(`~${text}`);
      expect(placeInTime(text) > placeInTime('9999-12-31T23:59:59.999999999Z')).toBe(true);
      expect(dateIn(text)).toBeNull();
    },
  );

  it('agrees with the clock on every instant that Date can write', () => {
    const instants = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-30'), noInvalidDate: true });
    fc.assert(
      fc.property(instants, instants, (a, b) => {
        expect(dateIn(a.toISOString())).toEqual(a);
        expect(placeInTime(a.toISOString()) < placeInTime(b.toISOString())).toBe(a < b);
      }),
    );
  });
});
