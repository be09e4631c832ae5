import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  allowanceOf,
  differences,
  isEqual,
  keptMarks,
  type MaintenanceSetting,
  modeOf,
  nobody,
  refusalOf,
  settingFrom,
  stateOf,
  untouched,
} from './maintenance-lifecycle.js';
import { eventOf } from './maintenance.events.js';

const text = fc.option(fc.string(), { nil: null });
const anySetting: fc.Arbitrary<MaintenanceSetting> = fc.record({
  on: fc.boolean(),
  reason: text,
  ticket: text,
  until: fc.option(fc.date({ noInvalidDate: true }), { nil: null }),
  autoResume: fc.boolean(),
  allow: fc.tuple(fc.array(fc.string()), fc.array(fc.string())).map(([workers, datasets]) => allowanceOf(workers, datasets)),
});
const off = { on: false, reason: null, ticket: null, until: null, autoResume: false, allow: nobody };

describe('modeOf', () => {
  it.each([
    [false, 0, false, 'off'],
    [false, 3, true, 'off'],
    [true, 3, false, 'draining'],
    [true, 0, true, 'draining'],
    [true, 0, false, 'quiet'],
  ])('is, with on %p, %i running jobs and old workers that may start %p, %s', (on, runningJobs, oldWorkersMayStart, mode) => {
    expect(modeOf(on, { runningJobs, oldWorkersMayStart })).toBe(mode);
  });
});

describe('keptMarks', () => {
  const marks = { quietAt: new Date(1), overdueAt: new Date(2) };

  it('keeps both while the switch stays on with the same end, and the first with another end', () => {
    const previous = { ...untouched, ...off, ...marks, on: true, until: new Date(0) };
    expect(keptMarks(previous, { ...previous, reason: 'other', until: new Date(0) })).toEqual(marks);
    expect(keptMarks(previous, { ...previous, until: new Date(9) })).toEqual({ ...marks, overdueAt: null });
    for (const setting of [off, { ...off, on: true }])
      expect(keptMarks({ ...previous, on: setting.on ? false : true }, setting)).toEqual({ quietAt: null, overdueAt: null });
  });
});

describe('settingFrom', () => {
  it('keeps the reason that stands when turned off without one', () => {
    const current = { ...untouched, on: true, reason: 'Upgrade', ticket: 'CHG-1' };
    expect(settingFrom(off, current)).toEqual({ ...off, reason: 'Upgrade' });
    expect(settingFrom({ ...off, reason: 'Done' }, current).reason).toBe('Done');
  });

  it('changes nothing else of any request', () => {
    fc.assert(
      fc.property(anySetting, anySetting, (request, current) => {
        const { reason, ...rest } = settingFrom(request, current);
        expect({ ...rest, reason: request.reason }).toEqual(request);
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
        for (const field of ['on', 'reason', 'ticket', 'until', 'autoResume', 'allow'] as const) {
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

describe('refusalOf', () => {
  const paused = { ...off, on: true, reason: 'Upgrade', allow: allowanceOf(['canary'], ['SMALL']) };
  const refused = { reason: 'maintenance', detail: 'Upgrade' };

  it('refuses nobody while the switch is off', () => {
    expect(refusalOf({ ...paused, on: false }, { workerId: 'w', datasetName: 'D' })).toBeNull();
  });

  it.each([
    ['w', 'D', refused],
    ['w', 'SMALL', null],
    ['canary', 'D', null],
    ['w', null, null],
    ['canary', null, null],
  ])('answers worker %s for dataset %s with %j', (workerId, datasetName, answer) => {
    expect(refusalOf(paused, { workerId, datasetName })).toEqual(answer);
  });

  it('refuses a question without dataset when no dataset may pass', () => {
    expect(refusalOf({ ...paused, allow: nobody }, { workerId: 'w', datasetName: null })).toEqual(refused);
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
