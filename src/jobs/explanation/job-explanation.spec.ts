import { describe, expect, it } from '@jest/globals';
import type { JobView } from '../job-views.js';
import { explain, stateClause, type Surroundings } from './job-explanation.js';

const now = new Date('2026-03-01T12:00:00Z');
const minutes = (count: number): Date => new Date(now.getTime() + count * 60_000);
const queued = {
  operation: 'ADD',
  datasetName: 'ROAD_TRAFFIC',
  status: 'queued',
  phase: null,
  percent: null,
  lease: null,
  cancelRequested: null,
  notBefore: null,
  dueAt: null,
  error: null,
  attempt: 0,
  attempts: [],
  failures: 0,
  maxFailures: 3,
  losses: 0,
  maxLosses: 3,
  createdAt: minutes(-10),
  updatedAt: minutes(-10),
  finishedAt: null,
  serverNow: now,
} as unknown as JobView;
const nobody = { alive: 0, draining: 0, lost: 0, compat: false };
const alone: Surroundings = { pause: null, jobsBefore: 0, workers: nobody, staleSeconds: 3_600, overdue: false, expectedEndAt: null };
const served: Surroundings = { ...alone, workers: { ...alone.workers, alive: 2 } };
const lease = { workerId: 'imp-3', heartbeatAt: minutes(-1), expiresAt: minutes(1), excused: false };
const job = (change: object): JobView => ({ ...queued, ...change });
const running = (change: object = {}): JobView => job({ status: 'running', phase: 'importing', percent: 62, lease, ...change });
const behindFirst = (subject: JobView, around: Surroundings): string[] => explain(subject, around).slice(1);

describe('the explanation of a queued job', () => {
  it.each<[string, object, Surroundings, string[]]>([
    ['is next', {}, served, ['It is the next of its operation.']],
    ['waits for its turn', {}, { ...served, jobsBefore: 2 }, ['It waits for its turn behind 2 jobs.']],
    ['was lost', { losses: 1 }, served, ['It is the next of its operation. Its worker was lost 1 of 3 allowed times.']],
    ['is taken by old workers', {}, { ...alone, workers: { ...alone.workers, compat: true } }, ['It is the next of its operation.']],
    ['is paused', {}, { ...alone, pause: { reason: 'Upgrade', workers: [] } }, ['Nothing is handed out during maintenance: Upgrade']],
    ['is paused, nobody says why', {}, { ...alone, pause: { reason: null, workers: [] } }, ['Nothing is handed out during maintenance.']],
    [
      'waits for a canary worker',
      {},
      { ...alone, pause: { reason: 'Upgrade', workers: ['cw'] } },
      ['During maintenance only the worker cw may take it: Upgrade'],
    ],
    [
      'waits for one of some canary workers',
      {},
      { ...alone, pause: { reason: null, workers: ['cw', 'cx'] } },
      ['During maintenance only the workers cw, cx may take it.'],
    ],
    ['waits, as somebody asked', { notBefore: minutes(5) }, alone, ['It waits until 2026-03-01T12:05:00.000Z, as somebody asked for.']],
    [
      'is overdue',
      { dueAt: minutes(-1) },
      { ...served, overdue: true },
      ['It is the next of its operation.', 'It was due at 2026-03-01T11:59:00.000Z and is overdue.'],
    ],
    ['is late, but for a pause', { dueAt: minutes(-1) }, served, ['It is the next of its operation.']],
  ])('that %s', (_what, change, around, expected) => expect(behindFirst(job(change), around)).toEqual(expected));

  it.each<[Partial<Surroundings['workers']>, string]>([
    [{}, 'No worker can run ADD: none has asked for it.'],
    [{ draining: 1 }, 'No worker can run ADD: 1 worker could, but is draining.'],
    [{ draining: 2, lost: 1 }, 'No worker can run ADD: 2 workers could, but are draining.'],
    [{ lost: 1 }, 'No worker can run ADD: the only one that could is lost.'],
  ])('says who could run it: %j', (workers, expected) => {
    expect(behindFirst(queued, { ...alone, workers: { ...alone.workers, ...workers } }).at(-1)).toBe(expected);
  });

  it('names the failure that it waits behind', () => {
    const failed = job({ notBefore: minutes(5), failures: 1, error: { code: 'E', message: 'broken.' }, attempts: [{ outcome: 'failed' }] });
    expect(behindFirst(failed, alone)).toEqual([
      'It waits until 2026-03-01T12:05:00.000Z for its next attempt, after failure 1 of 3: E, broken.',
    ]);
  });
});

describe('the explanation of a running job', () => {
  it('names worker, phase, progress and lease', () => {
    expect(explain(running(), alone)).toEqual([
      'ADD of ROAD_TRAFFIC is running, importing at 62 %, on imp-3.',
      'Its worker was last heard of at 2026-03-01T11:59:00.000Z and holds it until 2026-03-01T12:01:00.000Z.',
    ]);
    expect(stateClause(running({ phase: null, percent: null }))).toBe('is running, on imp-3');
  });

  it('says when it will probably end', () => {
    expect(behindFirst(running(), { ...alone, expectedEndAt: minutes(3) })[1]).toBe(
      'By past runs it will end at about 2026-03-01T12:03:00.000Z.',
    );
    expect(behindFirst(running(), { ...alone, expectedEndAt: now })[1]).toBe('It takes longer than past runs usually did.');
  });

  it('says that a lease has ended, or was prolonged', () => {
    expect(behindFirst(running({ lease: { ...lease, expiresAt: minutes(-1) } }), alone)[0]).toContain('it will be taken back');
    expect(behindFirst(running({ lease: { ...lease, excused: true } }), alone)[0]).toContain('one lease period more');
  });

  it('shows silence of old workers, and a wish to cancel', () => {
    const cancelRequested = { at: minutes(-1), by: 'Kari', reason: 'wrong file' };
    expect(behindFirst(running({ lease: null, updatedAt: minutes(-90), cancelRequested }), alone)).toEqual([
      'Nothing was heard of it for 90 minutes: release or fail it when its worker is gone.',
      'Kari asked at 2026-03-01T11:59:00.000Z for its cancellation (wrong file); its worker is told with its next word.',
    ]);
    expect(behindFirst(running({ lease: null, updatedAt: minutes(-59) }), alone)).toEqual([]);
  });

  it.each<[number, string]>([
    [1, '1 second'],
    [59, '59 seconds'],
    [119, '119 seconds'],
    [120, '2 minutes'],
    [7_199, '119 minutes'],
    [7_200, '2 hours'],
    [172_800, '2 days'],
    [28_029_180, '324 days'],
  ])('says of a silence of %d seconds how long it is: %s', (seconds, words) => {
    const silent = running({ lease: null, updatedAt: minutes(-seconds / 60) });
    expect(behindFirst(silent, { ...alone, staleSeconds: 0 })[0]).toContain(`Nothing was heard of it for ${words}:`);
  });
});

describe('the explanation of a finished job', () => {
  it.each<[object, string[]]>([
    [{ status: 'completed', attempt: 1 }, ['ADD of ROAD_TRAFFIC completed at 2026-03-01T12:00:00.000Z, after 1 attempt.']],
    [
      { status: 'failed', attempt: 3, error: { code: 'E', message: 'broken' } },
      ['ADD of ROAD_TRAFFIC failed at 2026-03-01T12:00:00.000Z, after 3 attempts.', 'E: broken'],
    ],
    [
      { status: 'cancelled', cancelRequested: { at: now, by: 'Kari', reason: 'wrong file' } },
      ['ADD of ROAD_TRAFFIC was cancelled at 2026-03-01T12:00:00.000Z, after 0 attempts.', 'Kari asked for it: wrong file'],
    ],
    [
      { status: 'completed', attempt: 1, cancelRequested: { at: now, by: 'Kari', reason: 'wrong file' } },
      ['ADD of ROAD_TRAFFIC completed at 2026-03-01T12:00:00.000Z, after 1 attempt.'],
    ],
  ])('says how it ended: %j', (change, expected) => expect(explain(job({ ...change, finishedAt: now }), alone)).toEqual(expected));

  it('says who cancelled it, where the job itself does not know', () => {
    const cancelled = job({ status: 'cancelled', finishedAt: now });
    expect(explain(cancelled, alone, { by: 'Ola', reason: 'twice' })[1]).toBe('Ola asked for it: twice');
    expect(explain(cancelled, alone, { by: 'Ola', reason: null })[1]).toBe('Ola asked for it.');
    expect(explain(cancelled, alone, null)).toHaveLength(1);
  });
});
