import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RequestInvalidError } from '../common/errors/request.errors.js';
import { createValidationPipe } from '../common/http/validation.js';
import { untouched } from './maintenance-lifecycle.js';
import { changeDtoOf, maintenanceDtoOf } from './maintenance.dto.js';
import { SetMaintenanceDto, settingOf } from './set-maintenance.dto.js';

const pipe = createValidationPipe();
const parse = (body: unknown): Promise<SetMaintenanceDto> =>
  pipe.transform(body, { type: 'body', metatype: SetMaintenanceDto }) as Promise<SetMaintenanceDto>;
const actor = { id: 'issuer|kari', name: 'Kari', role: 'pipeline', address: '10.0.0.7' } as const;

describe('SetMaintenanceDto', () => {
  it.each([
    [{ on: false }],
    [{ on: false, reason: null, ticket: null, until: null }],
    [{ on: true, reason: 'Upgrade' }],
    [{ on: true, reason: 'two\nlines\tand 😀', ticket: 'CHG-1', until: '2026-01-31T18:00:00Z' }],
    [{ on: true, reason: 'r', autoResume: true, allow: { workers: ['w'], datasets: ['D'] } }],
    [{ on: true, reason: 'r', autoResume: null, allow: null }],
    [{ on: true, reason: 'r'.repeat(2_000), until: '2026-01-31T18:00:00.123456+02:00' }],
  ])('accepts %j', async (body) => {
    expect(await parse(body)).toEqual(body);
  });

  it.each([
    [{}, '/on'],
    [{ on: 'true', reason: 'r' }, '/on'],
    [{ on: 1, reason: 'r' }, '/on'],
    [{ on: null }, '/on'],
    [{ on: true }, '/reason'],
    [{ on: true, reason: null }, '/reason'],
    [{ on: true, reason: '' }, '/reason'],
    [{ on: true, reason: '  ' }, '/reason'],
    [{ on: true, reason: 7 }, '/reason'],
    [{ on: true, reason: { $ne: null } }, '/reason'],
    [{ on: true, reason: ['r'] }, '/reason'],
    [{ on: true, reason: 'r'.repeat(2_001) }, '/reason'],
    [{ on: true, reason: 'a\u0000b' }, '/reason'],
    [{ on: true, reason: 'a\ud800' }, '/reason'],
    [{ on: false, reason: 7 }, '/reason'],
    [{ on: false, ticket: '' }, '/ticket'],
    [{ on: false, ticket: 't'.repeat(256) }, '/ticket'],
    [{ on: false, until: '2026-01-31T18:00:00' }, '/until'],
    [{ on: false, until: '2026-02-30T18:00:00Z' }, '/until'],
    [{ on: false, until: '2026-01-31' }, '/until'],
    [{ on: false, until: 1_700_000_000_000 }, '/until'],
    [{ on: false, until: '' }, '/until'],
    [{ on: false, autoResume: 'yes' }, '/autoResume'],
    [{ on: false, allow: [] }, '/allow'],
    [{ on: false, allow: 'all' }, '/allow'],
    [{ on: false, allow: { workers: 'w' } }, '/allow/workers'],
    [{ on: false, allow: { workers: [''] } }, '/allow/workers'],
    [{ on: false, allow: { workers: [7] } }, '/allow/workers'],
    [{ on: false, allow: { datasets: [' D'] } }, '/allow/datasets'],
    [{ on: false, allow: { datasets: Array(101).fill('D') } }, '/allow/datasets'],
    [{ on: false, allow: { jobs: [] } }, '/allow/jobs'],
    [{ on: false, setBy: 'me' }, '/setBy'],
    [{ on: false, number: 3 }, '/number'],
  ])('refuses %j at %s', async (body, pointer) => {
    await expect(parse(body)).rejects.toMatchObject({ errors: [{ pointer }] });
  });

  it('names the known fields beside an unknown one', async () => {
    await expect(parse({ on: false, paused: true })).rejects.toThrow(
      'paused is not known here; known: allow, autoResume, on, reason, ticket, until',
    );
  });

  it('answers any JSON with a setting or with REQUEST.INVALID', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          ...{ on: fc.jsonValue(), reason: fc.jsonValue(), ticket: fc.jsonValue(), until: fc.jsonValue() },
          ...{ autoResume: fc.constantFrom(null, false), allow: fc.jsonValue() },
        }),
        async (body) => {
          const outcome: unknown = await parse(body).catch((error: unknown) => error);
          if (outcome instanceof SetMaintenanceDto) expect(settingOf(outcome).on).toBe(body.on);
          else expect(outcome).toBeInstanceOf(RequestInvalidError);
        },
      ),
    );
  });
});

describe('settingOf', () => {
  it('reads any instant in any zone as the same instant', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }), (until) => {
        expect(settingOf({ on: false, until: until.toISOString() }).until).toEqual(until);
      }),
    );
    expect(settingOf({ on: false, until: '2026-01-31T18:00:00+02:00' }).until).toEqual(new Date('2026-01-31T16:00:00Z'));
  });
});

describe('settingOf', () => {
  it('sorts who may pass, without doubles', () => {
    const allow = { workers: ['b', 'a', 'b'], datasets: ['D'] };
    expect(settingOf({ on: true, reason: 'r', allow }).allow).toEqual({ workers: ['a', 'b'], datasets: ['D'] });
  });

  it('refuses to resume by itself without a time', () => {
    expect(() => settingOf({ on: true, reason: 'r', autoResume: true })).toThrow('until is needed with autoResume');
  });
});

describe('the answers', () => {
  it('show the switch before its first record with nulls', () => {
    const activity = { runningJobs: 2, oldWorkersMayStart: false, firstRunningJobs: [], estimatedQuietAt: null };
    expect(maintenanceDtoOf({ ...untouched, ...activity, mode: 'off' })).toEqual({
      mode: 'off',
      number: 0,
      on: false,
      reason: null,
      ticket: null,
      until: null,
      autoResume: false,
      allow: { workers: [], datasets: [] },
      since: null,
      setBy: null,
      quietAt: null,
      remaining: { jobs: 2, uploads: 0 },
      remainingJobs: [],
      estimatedQuietAt: null,
    });
  });

  it('show who set the switch without address, and its history with it', () => {
    const at = new Date('2026-01-31T16:00:00.005Z');
    const set = { number: 3, on: true, reason: 'Upgrade', ticket: null, until: at, setBy: actor, at, since: new Date(0) };
    const record = { ...untouched, ...set };
    const job = { jobId: 'j', datasetName: 'D', operation: 'ADD', phase: 'importing', percent: 5, startedAt: at, leaseToken: 'secret' };
    const activity = { runningJobs: 1, oldWorkersMayStart: false, firstRunningJobs: [job], estimatedQuietAt: at };
    const view = maintenanceDtoOf({ ...record, ...activity, mode: 'draining' });
    expect(view.estimatedQuietAt).toBe('2026-01-31T16:00:00.005Z');
    expect(view).toMatchObject({
      setBy: { id: 'issuer|kari', name: 'Kari' },
      since: '1970-01-01T00:00:00.000Z',
      until: '2026-01-31T16:00:00.005Z',
    });
    expect(view.setBy).not.toHaveProperty('address');
    expect(view.remainingJobs).toEqual([
      { jobId: 'j', datasetName: 'D', operation: 'ADD', phase: 'importing', percent: 5, startedAt: '2026-01-31T16:00:00.005Z' },
    ]);
    expect(changeDtoOf(record)).toMatchObject({ number: 3, at: '2026-01-31T16:00:00.005Z', actor });
  });
});
