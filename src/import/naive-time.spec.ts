import { describe, expect, it } from '@jest/globals';
import { instantOf, isTimeZone } from './naive-time.js';

describe('instantOf', () => {
  it.each([
    ['2025-06-11T08:15:30.120045', 'UTC', '2025-06-11T08:15:30.120Z'],
    ['2025-06-11T08:15:30', 'UTC', '2025-06-11T08:15:30.000Z'],
    ['2025-06-11 08:30:00.123456', 'Europe/Oslo', '2025-06-11T06:30:00.123Z'],
    ['2025-01-11 08:30:00.123456', 'Europe/Oslo', '2025-01-11T07:30:00.123Z'],
    ['2025-06-11T08:15:30.5Z', 'Europe/Oslo', '2025-06-11T08:15:30.500Z'],
    ['2025-06-11T08:15:30+02:00', 'UTC', '2025-06-11T06:15:30.000Z'],
    // the clock goes from 03:00 back to 02:00 on 26 October, and from 02:00 on to 03:00 on 30 March
    ['2025-10-26T02:30:00', 'Europe/Oslo', '2025-10-26T00:30:00.000Z'],
    ['2025-10-26T03:30:00', 'Europe/Oslo', '2025-10-26T02:30:00.000Z'],
    ['2025-03-30T03:30:00', 'Europe/Oslo', '2025-03-30T01:30:00.000Z'],
    ['2025-06-11T08:15:30', 'America/New_York', '2025-06-11T12:15:30.000Z'],
  ])('%s in %s is %s', (text, zone, expected) => {
    expect(instantOf(text, zone)?.toISOString()).toBe(expected);
  });

  it('takes BSON dates as they are', () => {
    const at = new Date('2025-06-11T08:15:30.120Z');
    expect(instantOf(at, 'Europe/Oslo')).toEqual(at);
  });

  it.each([['yesterday'], ['2025-13-11T08:15:30'], [17], [null], [new Date(NaN)]])('%p is no time', (value) => {
    expect(instantOf(value, 'UTC')).toBeNull();
  });
});

it('knows time zones by their names', () => {
  expect([isTimeZone('Europe/Oslo'), isTimeZone('UTC'), isTimeZone('Middle/Earth')]).toEqual([true, true, false]);
});
