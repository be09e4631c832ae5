import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compatStatusOf, settingOfStatusRequest } from './maintenance.compat.js';
import { initialSetting, type MaintenanceRecord, nobody } from './maintenance-lifecycle.js';

const recordAt = (at: Date, fields: Partial<MaintenanceRecord> = {}): MaintenanceRecord => ({
  number: 1,
  on: true,
  reason: 'Upgrade',
  ticket: 'CHG-1',
  until: null,
  autoResume: false,
  allow: nobody,
  setBy: { id: 'i|s', name: 'Kari', role: 'pipeline', address: null },
  at,
  since: at,
  pausedMs: 0,
  quietAt: null,
  overdueAt: null,
  ...fields,
});

describe('compatStatusOf', () => {
  it('writes exactly the reference keys in their order, with UTC time of six digits', () => {
    expect(JSON.stringify(compatStatusOf(recordAt(new Date('2025-06-11T08:30:00.120Z'))))).toBe(
      '{"msg":"Upgrade","paused":true,"timestamp":"2025-06-11 08:30:00.120000"}',
    );
  });

  it('writes six digits also at a full second, and an empty text for no reason', () => {
    const status = compatStatusOf(recordAt(new Date('2025-10-26T00:00:00Z'), { on: false, reason: null }));
    expect(status).toEqual({ msg: '', paused: false, timestamp: '2025-10-26 00:00:00.000000' });
  });

  it('orders any two timestamps as their instants', () => {
    const instant = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        const [first, second] = [a, b].map((at) => compatStatusOf(recordAt(at)).timestamp) as [string, string];
        expect(first < second).toBe(a < b);
        expect(first).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
      }),
    );
  });
});

describe('settingOfStatusRequest', () => {
  it('keeps any text and flag, and sets nothing else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (msg, paused) => {
        expect(settingOfStatusRequest({ msg, paused })).toEqual({
          ...initialSetting,
          on: paused,
          reason: msg,
        });
      }),
    );
  });

  it('refuses the key that the reference only documents', () => {
    expect(() => settingOfStatusRequest({ msg: 'm', pause: 1 })).toThrow(
      [
        '2 validation errors for MaintenanceStatusRequest',
        'paused',
        "  Field required [type=missing, input_value={'msg': 'm', 'pause': 1}, input_type=dict]",
        'pause',
        '  Extra inputs are not permitted [type=extra_forbidden, input_value=1, input_type=int]',
      ].join('\n'),
    );
  });
});
