import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { differences, isEqual, type MaintenanceSetting, modeOf, settingFrom, stateOf, untouched } from './maintenance-lifecycle.js';
import { eventOf } from './maintenance.events.js';

const text = fc.option(fc.string(), { nil: null });
const anySetting: fc.Arbitrary<MaintenanceSetting> = fc.record({
  on: fc.boolean(),
  reason: text,
  ticket: text,
  until: fc.option(fc.date({ noInvalidDate: true }), { nil: null }),
});

describe('modeOf', () => {
  it.each([
    [false, 0, 'off'],
    [false, 3, 'off'],
    [true, 3, 'draining'],
    [true, 0, 'quiet'],
  ])('is, with on %p and %i running jobs, %s', (on, running, mode) => {
    expect(modeOf(on, running)).toBe(mode);
  });
});

describe('settingFrom', () => {
  it('keeps the reason that stands when turned off without one', () => {
    const current = { ...untouched, on: true, reason: 'Upgrade', ticket: 'CHG-1' };
    expect(settingFrom({ on: false, reason: null, ticket: null, until: null }, current)).toEqual({
      on: false,
      reason: 'Upgrade',
      ticket: null,
      until: null,
    });
    expect(settingFrom({ on: false, reason: 'Done', ticket: null, until: null }, current).reason).toBe('Done');
  });

  it('changes nothing else of any request', () => {
    fc.assert(
      fc.property(anySetting, anySetting, (request, current) => {
        const { reason, ...rest } = settingFrom(request, current);
        expect(rest).toEqual({ on: request.on, ticket: request.ticket, until: request.until });
        expect(reason).toBe(request.on ? request.reason : (request.reason ?? current.reason));
      }),
    );
  });
});

describe('differences', () => {
  it('names exactly the fields that differ, with both values', () => {
    fc.assert(
      fc.property(anySetting, anySetting, (before, after) => {
        const changed = differences(before, after);
        for (const field of ['on', 'reason', 'ticket', 'until'] as const) {
          const same = JSON.stringify(before[field]) === JSON.stringify(after[field]);
          expect(changed[field]).toEqual(same ? undefined : [before[field], after[field]]);
        }
        expect(isEqual(before, after)).toBe(Object.keys(changed).length === 0);
      }),
    );
  });

  it('takes two dates of one instant as equal', () => {
    const at = (): MaintenanceSetting => ({ ...untouched, until: new Date(7) });
    expect(isEqual(at(), at())).toBe(true);
  });
});

describe('eventOf', () => {
  it('is on, off, or changed, as the states before and after tell', () => {
    fc.assert(
      fc.property(anySetting, anySetting, (before, after) => {
        expect(eventOf(before, after)).toBe(before.on === after.on ? 'maintenance.changed' : `maintenance.${stateOf(after)}`);
      }),
    );
  });
});
