import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createClient,
  JobFailure,
  type JobHandler,
  type JobRun,
  runWorker,
  Snooze,
  UnauthenticatedError,
  type WorkerNotice,
} from '../../src/client/index.js';
import { type Answer, type FakeService, inTurn, jobBody, problem, type Route, withFakeService } from './fake-service.js';

const id = jobBody().jobId;
const leased: Answer = {
  body: {
    job: jobBody({ status: 'running' }),
    leaseToken: 'token-1',
    leaseExpiresAt: '2026-06-11T08:16:30.000Z',
    heartbeatSeconds: 0.02,
    reason: null,
  },
};
const calm = { leaseExpiresAt: '2026-06-11T08:16:30.000Z', heartbeatSeconds: 0.02, control: { cancel: null, drain: null }, version: 2 };
const ended: Route = () => ({ body: jobBody({ status: 'completed' }) });
const empty = async (): Promise<Answer> => {
  await sleep(10);
  return { body: { job: null, reason: 'empty', detail: null, retryAfterSeconds: 0 } };
};

interface Run {
  readonly fake: FakeService;
  readonly notices: WorkerNotice[];
}

/** Runs a worker that is given one job, until it has said how the job ended. */
async function runOnce(handler: JobHandler, routes: Readonly<Record<string, Route>> = {}): Promise<Run> {
  let claims = 0;
  const all: Record<string, Route> = {
    'POST /api/v1/jobs/claim': () => (claims++ === 0 ? leased : empty()),
    'POST /api/v1/jobs/*/heartbeat': () => ({ body: calm }),
    'POST /api/v1/jobs/*/*': ended,
    ...routes,
  };
  return withFakeService(all, async (fake) => {
    const notices: WorkerNotice[] = [];
    const stop = new AbortController();
    const client = createClient({ url: fake.url, retries: { tries: 3, firstPauseMs: 1, longestPauseMs: 2 } });
    const onNotice = (notice: WorkerNotice) => {
      notices.push(notice);
      if (notice.kind !== 'claimed' && notice.kind !== 'unreachable') stop.abort();
    };
    await runWorker({
      client,
      worker: { id: 'imp-3' },
      operations: ['ADD'],
      handler,
      signal: stop.signal,
      waitSeconds: 0,
      stopGraceSeconds: 0.05,
      onNotice,
    });
    return { fake, notices };
  });
}

const until = async (signal: AbortSignal): Promise<never> => {
  await sleep(5_000, undefined, { signal }).catch(() => undefined);
  throw signal.reason;
};
const bodies = ({ fake }: Run, action: string) => fake.of('POST', new RegExp(`/jobs/${id}/${action}$`)).map(({ body }) => body);

describe('runWorker', () => {
  it('claims with an id of its own, beats with what the handler says, and completes with its result', async () => {
    let beaten = 0;
    const heartbeat: Route = () => (beaten++, { body: calm });
    const run = await runOnce(
      async (_job, current: JobRun) => {
        current.report({ phase: 'importing', percent: 50 });
        current.log('half way');
        while (beaten < 2) await sleep(5);
        return { result: { rows: 9 } };
      },
      { 'POST /api/v1/jobs/*/heartbeat': heartbeat },
    );
    expect(run.notices.map(({ kind }) => kind)).toEqual(['claimed', 'completed']);
    expect(run.fake.of('POST', /claim$/)[0]!.body).toMatchObject({
      worker: { id: 'imp-3' },
      operations: ['ADD'],
      leaseSeconds: 60,
      claimId: expect.any(String),
    });
    const beats = bodies(run, 'heartbeat');
    expect(beats[0]).toEqual({ leaseToken: 'token-1', phase: 'importing', percent: 50, log: ['half way'], logOffset: 0 });
    expect(beats[1]).toEqual({ leaseToken: 'token-1' });
    expect(bodies(run, 'complete')).toEqual([{ leaseToken: 'token-1', result: { rows: 9 } }]);
  });

  it('sends the last lines before the end, 50 a call, with their place', async () => {
    const run = await runOnce(async (_job, current) => current.log(...Array.from({ length: 60 }, (_, index) => `line ${index}`)));
    const beats = bodies(run, 'heartbeat');
    expect(beats.map(({ logOffset, log }) => [logOffset, (log as string[]).length])).toEqual([
      [0, 50],
      [50, 10],
    ]);
    expect(bodies(run, 'complete')).toHaveLength(1);
  });

  it('tells failures with their code, and whether another attempt makes sense', async () => {
    const run = await runOnce(() => Promise.reject(new JobFailure('BAD_METADATA', 'no name', { retryable: false })));
    expect(bodies(run, 'fail')).toEqual([{ leaseToken: 'token-1', error: { code: 'BAD_METADATA', message: 'no name' }, retryable: false }]);
    const other = await runOnce(() => Promise.reject(new Error('disk full')));
    expect(bodies(other, 'fail')).toEqual([{ leaseToken: 'token-1', error: { code: 'WORKER.ERROR', message: 'disk full' } }]);
  });

  it('gives a job back for a while', async () => {
    const run = await runOnce(() => Promise.reject(new Snooze(600, 'closed until nine')));
    expect(bodies(run, 'snooze')).toEqual([{ leaseToken: 'token-1', seconds: 600, reason: 'closed until nine' }]);
  });

  it('stops the handler when the job is cancelled, and gives the job back', async () => {
    const run = await runOnce((_job, current) => until(current.signal), {
      'POST /api/v1/jobs/*/heartbeat': () => ({
        body: { ...calm, control: { cancel: { reason: 'wrong file', by: 'Kari' }, drain: null } },
      }),
    });
    expect(run.notices.at(-1)).toEqual({ kind: 'released', jobId: id, message: 'wrong file' });
    expect(bodies(run, 'release')).toHaveLength(1);
  });

  it('writes nothing once the lease is lost', async () => {
    const run = await runOnce((_job, current) => until(current.signal), {
      'POST /api/v1/jobs/*/heartbeat': () => problem(409, 'JOBS.LEASE_LOST'),
    });
    expect(run.notices.map(({ kind }) => kind)).toEqual(['claimed', 'lost']);
    expect(run.fake.of('POST', /(complete|fail|release|snooze)$/)).toEqual([]);
  });

  it('repeats a beat that had no answer, with the same lines at the same place', async () => {
    const run = await runOnce(async (_job, current) => current.log('one'), {
      'POST /api/v1/jobs/*/heartbeat': inTurn((response) => void response.destroy(), { body: calm }),
    });
    expect(bodies(run, 'heartbeat').slice(0, 2)).toEqual(
      Array.from({ length: 2 }, () => ({ leaseToken: 'token-1', log: ['one'], logOffset: 0 })),
    );
  });

  it('waits while there is maintenance, and says so', async () => {
    const run = await runOnce(() => Promise.resolve(), {
      'POST /api/v1/jobs/claim': () => ({ body: { job: null, reason: 'maintenance', detail: 'Upgrade to 3.2', retryAfterSeconds: 5 } }),
    });
    expect(run.notices).toEqual([{ kind: 'idle', message: 'maintenance: Upgrade to 3.2' }]);
  });

  it('ends when it is refused', async () => {
    await expect(runOnce(() => Promise.resolve(), { 'POST /api/v1/jobs/claim': () => problem(401, 'AUTH.TOKEN_MISSING') })).rejects.toThrow(
      UnauthenticatedError,
    );
  });

  it('lets handlers end when it is stopped, for the grace time, then gives their jobs back', async () => {
    await withFakeService(
      { 'POST /api/v1/jobs/claim': () => leased, 'POST /api/v1/jobs/*/heartbeat': () => ({ body: calm }), 'POST /api/v1/jobs/*/*': ended },
      async (fake) => {
        const stop = new AbortController();
        const handler: JobHandler = (_job, current) => {
          stop.abort();
          return until(current.signal);
        };
        const notices: WorkerNotice[] = [];
        await runWorker({
          client: createClient({ url: fake.url }),
          worker: { id: 'imp-3' },
          operations: ['ADD'],
          handler,
          signal: stop.signal,
          stopGraceSeconds: 0.05,
          onNotice: (notice) => notices.push(notice),
        });
        expect(notices.map(({ kind }) => kind)).toEqual(['claimed', 'released']);
        expect(fake.of('POST', /claim$/)).toHaveLength(1);
      },
    );
  });
});
