import { describe, expect, it } from '@jest/globals';
import type { ListedJob } from './job-views.js';
import { historyDtoOf, toJobDto } from './job-mapper.js';

const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const iso = (second: number): string => at(second).toISOString();
const jobId = '7b0c2c6e-2f5e-4a55-8a37-3d5c1e8f9a10';

const attempt = {
  attempt: 1,
  workerId: 'w-1',
  startedAt: at(10),
  endedAt: null,
  outcome: null,
  error: null,
  phases: [
    { phase: 'validating', at: at(11) },
    { phase: 'importing', at: at(14) },
  ],
  leaseMark: 'secret',
} as const;

const lease = {
  workerId: 'w-1',
  claimedAt: at(10),
  heartbeatAt: at(20),
  expiresAt: at(80),
  token: 'secret',
  seconds: 60,
  claimId: 'secret',
  logLines: 0,
  percentTold: 0,
  budgetEndsAt: null,
  pausedMs: 0,
  excused: false,
};

const running: ListedJob = {
  _id: jobId,
  version: 3,
  datasetName: 'A',
  operation: 'ADD',
  parameters: {},
  extraParameters: null,
  status: 'running',
  phase: 'importing',
  percent: 62,
  priority: 'normal',
  rank: at(0),
  notBefore: null,
  dueAt: at(100),
  duePausedMs: 0,
  tags: ['t'],
  attempt: 1,
  failures: 0,
  losses: 0,
  snoozes: 0,
  maxFailures: 3,
  maxLosses: 3,
  runBudgetSeconds: null,
  lease,
  cancelRequested: null,
  error: null,
  checkpoint: '{"chunk":14,"constructor":"x"}',
  result: null,
  closingCall: 'secret',
  compatRequeues: 0,
  attempts: [attempt],
  retryOf: null,
  traceId: null,
  createdBy: { id: 'u-1', firstName: 'Kari', lastName: 'Lie' },
  createdAt: at(0),
  updatedAt: at(20),
  startedAt: at(10),
  finishedAt: null,
  serverNow: at(30),
};

const shown = (changes: Partial<ListedJob>, staleSeconds = 60) => toJobDto({ ...running, ...changes }, { staleSeconds, overdue: false });

describe('a job as the native API shows it', () => {
  it('has its times as text, its texts as objects, and nothing that only a worker may know', () => {
    const dto = shown({});
    expect(dto).toMatchObject({
      jobId,
      lease: { workerId: 'w-1', claimedAt: iso(10), heartbeatAt: iso(20), expiresAt: iso(80) },
      checkpoint: { chunk: 14, constructor: 'x' },
      result: null,
      createdBy: { id: 'u-1', name: 'Kari Lie' },
      createdAt: iso(0),
      finishedAt: null,
    });
    expect(JSON.stringify(dto)).not.toContain('secret');
  });

  it('tells how long each phase of an attempt took', () => {
    const phases = (endedAt: Date | null) => shown({ attempts: [{ ...attempt, endedAt }] }).attempts[0]!.phases;
    expect(phases(null)).toEqual([
      { phase: 'validating', startedAt: iso(11), seconds: 3 },
      { phase: 'importing', startedAt: iso(14), seconds: null },
    ]);
    expect(phases(at(20))[1]).toEqual({ phase: 'importing', startedAt: iso(14), seconds: 6 });
  });

  it('names each run the same everywhere, and each otherwise', () => {
    const runIds = (numbers: readonly number[]) =>
      shown({ attempts: numbers.map((number) => ({ ...attempt, attempt: number })) }).attempts.map(({ runId }) => runId);
    expect(runIds([1, 2])).toEqual([runIds([1])[0], runIds([2])[0]]);
    expect(new Set(runIds([1, 2, 3])).size).toBe(3);
  });

  it('shows the parameters of either kind of operation', () => {
    expect(shown({ parameters: { description: 'old' } }).parameters).toEqual({ description: 'old' });
    expect(shown({ extraParameters: '{"deep":[1]}' }).parameters).toEqual({ deep: [1] });
  });

  it('shows errors with what the worker added', () => {
    expect(shown({ error: { code: 'E', message: 'm', details: '{"a":1}' } }).error).toEqual({ code: 'E', message: 'm', details: { a: 1 } });
    expect(shown({ error: { code: 'E', message: 'm', details: null } }).error).toEqual({ code: 'E', message: 'm', details: null });
  });

  it('shows a creator with one name without spaces around it', () => {
    expect(shown({ createdBy: { id: 'u', firstName: 'pipeline', lastName: '' } }).createdBy).toEqual({ id: 'u', name: 'pipeline' });
  });

  it('is stale when it runs without a lease and was silent for too long, by the time of the database', () => {
    expect(shown({ lease: null }, 10).stale).toBe(false);
    expect(shown({ lease: null }, 9).stale).toBe(true);
    expect(shown({}, 1).stale).toBe(false);
    expect(shown({ lease: null, status: 'queued' }, 1).stale).toBe(false);
  });

  it('is overdue where that is judged so', () => {
    expect(shown({}).overdue).toBe(false);
    expect(toJobDto(running, { staleSeconds: 60, overdue: true }).overdue).toBe(true);
  });

  it('has its time as text and copies of what it is made of', () => {
    const actor = { id: 'i|s', name: 'kari', role: 'operator', address: '127.0.0.1' } as const;
    const entry = {
      version: 2,
      at: at(5),
      type: 'job.edited',
      from: 'queued',
      to: 'queued',
      changes: { priority: ['low', 'high'] as const },
      actor,
      reason: null,
      requestId: 'r',
    };
    const dto = historyDtoOf(entry);
    expect(dto).toEqual({ ...entry, at: iso(5) });
    expect(dto.actor).not.toBe(actor);
  });
});
