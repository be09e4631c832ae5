import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createClient,
  ForbiddenError,
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

  it('tells a failure with what the service can take: a message that is cut, readable and never empty', async () => {
    const told = async (thrown: unknown) => bodies(await runOnce(() => Promise.reject(thrown)), 'fail')[0]!['error'];
    expect(await told(new Error('x'.repeat(2_001)))).toEqual({ code: 'WORKER.ERROR', message: `${'x'.repeat(1_999)}…` });
    expect(await told(new TypeError(''))).toEqual({ code: 'WORKER.ERROR', message: 'TypeError' });
    expect(await told(new Error('\u001b[31mred\nline'))).toEqual({ code: 'WORKER.ERROR', message: '\uFFFD[31mred\nline' });
    expect(await told(Object.create(null))).toMatchObject({ message: expect.stringContaining('null prototype') });
  });

  it('fails the job as RESULT_REFUSED when its result is refused, or is none that can be sent, and goes on', async () => {
    const refused = await runOnce(() => Promise.resolve({ result: { deep: [] } }), {
      [`POST /api/v1/jobs/${id}/complete`]: () => problem(400, 'REQUEST.INVALID', { detail: 'result is too deep.' }),
    });
    expect(refused.notices.map(({ kind }) => kind)).toEqual(['claimed', 'failed']);
    expect(bodies(refused, 'fail')).toEqual([
      { leaseToken: 'token-1', error: { code: 'RESULT_REFUSED', message: 'result is too deep.' }, retryable: false },
    ]);
    const big = await runOnce(() => Promise.resolve({ result: { text: 'x'.repeat(20_000) } }));
    expect(bodies(big, 'fail')[0]).toMatchObject({ error: { code: 'RESULT_REFUSED', message: 'result is larger than 16 KiB as JSON.' } });
    const noJson = await runOnce(() => Promise.resolve({ result: { rows: 1n } }));
    expect(bodies(noJson, 'fail')[0]).toMatchObject({ error: { code: 'RESULT_REFUSED' }, retryable: false });
  });

  it('tells a failure that is refused once more without its code and details', async () => {
    const run = await runOnce(() => Promise.reject(new JobFailure('not a code', 'no name', { details: { a: 1 } })), {
      [`POST /api/v1/jobs/${id}/fail`]: inTurn(problem(400, 'REQUEST.INVALID', { detail: 'code is wrong.' }), { body: jobBody() }),
    });
    expect(bodies(run, 'fail')[1]).toEqual({
      leaseToken: 'token-1',
      error: { code: 'WORKER.ERROR', message: 'code is wrong. It failed with: no name' },
      retryable: true,
    });
  });

  it('throws a report that is invalid into the handler', async () => {
    const thrown: unknown[] = [];
    const run = await runOnce(async (_job, current) => {
      for (const report of [{ percent: 150.5 }, { percent: Number.NaN }, { checkpoint: { text: 'x'.repeat(20_000) } }])
        try {
          current.report(report);
        } catch (error) {
          thrown.push(error);
        }
      current.report({ percent: 150.5 });
    });
    expect(thrown.map(String)).toEqual([
      'RangeError: percent must be a whole number from 0 to 100, not 150.5.',
      'RangeError: percent must be a whole number from 0 to 100, not NaN.',
      'NotJsonError: checkpoint is larger than 16 KiB as JSON.',
    ]);
    expect(bodies(run, 'fail')[0]).toMatchObject({ error: { code: 'WORKER.ERROR', message: expect.stringContaining('not 150.5') } });
  });

  it('throws what the service refused in a beat into the next report, and beats on without it', async () => {
    const heartbeat: Route = ({ body }) => (body['phase'] ? problem(400, 'REQUEST.INVALID', { detail: 'no such phase' }) : { body: calm });
    const run = await runOnce(
      async (_job, current) => {
        current.report({ phase: 'importing' });
        for (;;) {
          await sleep(10);
          current.report({});
        }
      },
      { 'POST /api/v1/jobs/*/heartbeat': heartbeat },
    );
    expect(bodies(run, 'fail')).toEqual([{ leaseToken: 'token-1', error: { code: 'WORKER.ERROR', message: 'no such phase' } }]);
  });

  it('completes a job whose last report is refused', async () => {
    const run = await runOnce(async (_job, current) => current.report({ phase: 'importing' }), {
      'POST /api/v1/jobs/*/heartbeat': () => problem(400, 'REQUEST.INVALID'),
    });
    expect(run.notices.map(({ kind }) => kind)).toEqual(['claimed', 'completed']);
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

  it('has ended all of its loops and handlers when it ends because it is refused', async () => {
    let handled = false;
    const claims = inTurn(leased, problem(403, 'AUTH.ROLE_MISSING'), {
      body: { job: null, reason: 'empty', detail: null, retryAfterSeconds: 0 },
    });
    await withFakeService(
      { 'POST /api/v1/jobs/claim': claims, 'POST /api/v1/jobs/*/heartbeat': () => ({ body: calm }), 'POST /api/v1/jobs/*/*': ended },
      async (fake) => {
        const handler: JobHandler = async () => {
          await sleep(200);
          handled = true;
        };
        const working = runWorker({
          client: createClient({ url: fake.url }),
          worker: { id: 'imp-3' },
          operations: ['ADD'],
          handler,
          concurrency: 2,
        });
        await expect(working).rejects.toThrow(ForbiddenError);
        expect(handled).toBe(true);
        expect(fake.of('POST', /complete$/)).toHaveLength(1);
        const claimed = fake.of('POST', /claim$/).length;
        await sleep(100);
        expect(fake.of('POST', /claim$/)).toHaveLength(claimed);
      },
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
