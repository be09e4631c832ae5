import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SETTINGS, type Settings } from '../../src/config/settings.js';
import { JobClock } from '../../src/jobs/job-clock.js';
import { JobsStore } from '../../src/jobs/jobs.store.js';
import { JobRequeues } from '../../src/jobs/protocol/job-requeues.js';
import { JobRescue } from '../../src/jobs/protocol/job-rescue.js';
import { LeasesStore } from '../../src/jobs/protocol/leases.store.js';
import { Metrics } from '../../src/observability/index.js';
import { type Answer, type Json, type Replicas, startReplicas } from './protocol-app.js';

/** What the model believes of the one job. */
interface Model {
  status: 'queued' | 'running' | 'completed' | 'failed' | 'cancelled';
  /** Whether its time has come. */
  due: boolean;
  token: string | null;
  attempt: number;
  failures: number;
  losses: number;
  snoozes: number;
  cancelRequested: boolean;
  /** Tokens of former attempts. */
  readonly fenced: string[];
}

interface Real {
  readonly replicas: Replicas;
  readonly rescue: JobRescue;
  readonly id: string;
}

type Step = fc.AsyncCommand<Model, Real>;

const maxFailures = 3;
const maxLosses = 3;
const error = { code: 'E', message: 'broken' };
const post = ({ replicas, id }: Real, name: string, body: object): Promise<Answer> =>
  replicas.one.call('POST', `/jobs/${id}/${name}`, body);
const leased = (model: Readonly<Model>): boolean => model.status === 'running' && model.token !== null;
const final = (model: Readonly<Model>): boolean => !['queued', 'running'].includes(model.status);

/** A requeue, which somebody's wish turns into the end. */
function leave(model: Model, due: boolean): void {
  if (model.token) model.fenced.push(model.token);
  model.token = null;
  model.status = model.cancelRequested ? 'cancelled' : 'queued';
  model.due = due;
}

function end(model: Model, status: Model['status']): void {
  if (model.token) model.fenced.push(model.token);
  model.token = null;
  model.status = status;
}

/** What a report of the old routes does to a job without a lease. */
function reported(model: Model, word: string): void {
  if (word === 'completed') return end(model, 'completed');
  if (word === 'failed') return end(model, model.cancelRequested ? 'cancelled' : 'failed');
  if (word === 'initiated') {
    if (model.status === 'queued') model.attempt++;
    model.status = 'running';
    return;
  }
  if (model.status !== 'running') return;
  if (!model.cancelRequested) model.losses++;
  leave(model, model.due);
}

const step = (name: string, check: (model: Readonly<Model>) => boolean, run: (model: Model, real: Real) => Promise<void>): Step => ({
  check,
  run: async (model, real) => {
    await run(model, real);
    await compare(model, real);
  },
  toString: () => name,
});

async function compare(model: Model, { replicas, id }: Real): Promise<void> {
  const job: Json = (await replicas.one.call('GET', `/jobs/${id}`)).body;
  const { status, attempt, failures, losses, snoozes } = model;
  expect(job).toMatchObject({ status, attempt, failures, losses, snoozes });
  expect(job.lease !== null).toBe(leased(model));
  expect(job.attempts.filter((each: Json) => each.endedAt === null)).toHaveLength(status === 'running' ? 1 : 0);
  expect(job.history.map((entry: Json) => entry.version)).toEqual(Array.from({ length: job.version }, (_, index) => job.version - index));
  const inBoth = await Promise.all(
    ['inprogress', 'completed'].map((name) => replicas.connection.collection(name).countDocuments({ _id: id as never })),
  );
  expect(inBoth).toEqual(final(model) ? [0, 1] : [1, 0]);
}

const steps: fc.Arbitrary<Step>[] = [
  fc.constant(
    step(
      'claim',
      () => true,
      async (model, { replicas, id }) => {
        const { body } = await replicas.one.call('POST', '/jobs/claim', { worker: { id: 'w' }, operations: ['ADD'] });
        const gets = model.status === 'queued' && model.due;
        expect(body.job?.jobId ?? null).toBe(gets ? id : null);
        if (gets) Object.assign(model, { status: 'running', token: body.leaseToken, attempt: model.attempt + 1 });
      },
    ),
  ),
  fc.integer({ min: 0, max: 100 }).map((percent) =>
    step(`heartbeat ${percent}`, leased, async ({ token, cancelRequested }, real) => {
      const { status, body } = await post(real, 'heartbeat', { leaseToken: token, percent, phase: 'importing', log: ['x'], logOffset: 0 });
      expect([status, body.control.cancel !== null]).toEqual([200, cancelRequested]);
    }),
  ),
  fc.constant(
    step('complete', leased, async (model, real) => {
      const { token } = model;
      expect((await post(real, 'complete', { leaseToken: token, result: { n: 1 } })).status).toBe(200);
      end(model, 'completed');
      expect((await post(real, 'complete', { leaseToken: token, result: { n: 1 } })).status).toBe(200);
    }),
  ),
  fc.boolean().map((retryable) =>
    step(`fail ${retryable ? 'for now' : 'for good'}`, leased, async (model, real) => {
      const { token } = model;
      const body = { leaseToken: token, error, retryable };
      expect((await post(real, 'fail', body)).status).toBe(200);
      model.failures++;
      if (retryable && model.failures < maxFailures) leave(model, false);
      else end(model, model.cancelRequested ? 'cancelled' : 'failed');
      expect((await post(real, 'fail', body)).status).toBe(200);
    }),
  ),
  fc.constant(
    step('snooze', leased, async (model, real) => {
      expect((await post(real, 'snooze', { leaseToken: model.token, seconds: 60 })).status).toBe(200);
      if (!model.cancelRequested) model.snoozes++;
      leave(model, false);
    }),
  ),
  fc.constant(
    step('release', leased, async (model, real) => {
      expect((await post(real, 'release', { leaseToken: model.token })).status).toBe(200);
      leave(model, model.due);
    }),
  ),
  fc.constant(
    step(
      'operator releases',
      () => true,
      async (model, real) => {
        const running = model.status === 'running';
        expect((await post(real, 'release', { reason: 'r' })).status).toBe(running ? 200 : 409);
        if (running) leave(model, model.due);
      },
    ),
  ),
  fc.constant(
    step(
      'operator fails',
      () => true,
      async (model, real) => {
        const running = model.status === 'running';
        expect((await post(real, 'fail', { reason: 'r' })).status).toBe(running ? 200 : 409);
        if (running) end(model, model.cancelRequested ? 'cancelled' : 'failed');
      },
    ),
  ),
  fc.boolean().map((force) =>
    step(
      `cancel${force ? ' by force' : ''}`,
      () => true,
      async (model, real) => {
        const { status } = await post(real, 'cancel', { reason: 'c', force });
        expect(status).toBe(final(model) ? 409 : model.status === 'running' && !force ? 202 : 200);
        if (status === 202) model.cancelRequested = true;
        if (status === 200) end(model, 'cancelled');
      },
    ),
  ),
  fc.constant(
    step('the lease ends', leased, async (model, { replicas, rescue, id }) => {
      const past = { $subtract: ['$$NOW', 1_000] };
      await replicas.connection.collection('inprogress').updateOne({ _id: id as never }, [{ $set: { 'lease.expiresAt': past } }]);
      await Promise.all([rescue.sweep(), rescue.sweep()]);
      model.losses++;
      if (model.losses > maxLosses) end(model, model.cancelRequested ? 'cancelled' : 'failed');
      else leave(model, model.due);
    }),
  ),
  fc.constant(
    step(
      'its time comes',
      (model) => model.status === 'queued' && !model.due,
      async (model, { replicas, id }) => {
        await replicas.one.call('PATCH', `/jobs/${id}`, { notBefore: null });
        model.due = true;
      },
    ),
  ),
  fc.constantFrom('initiated', 'queued', 'completed', 'failed').map((word) =>
    step(
      `an old worker reports ${word}`,
      () => true,
      async (model, { replicas, id }) => {
        const { status } = await replicas.one.compat('PUT', `/jobs/${id}`, { status: word });
        expect(status).toBe(final(model) ? 404 : leased(model) ? 409 : 200);
        if (status === 200) reported(model, word);
      },
    ),
  ),
  fc.constantFrom('heartbeat', 'snooze', 'release').map((name) =>
    step(
      `a fenced worker calls ${name}`,
      ({ fenced }) => fenced.length > 0,
      async ({ fenced }, real) => {
        const body = { leaseToken: fenced.at(-1), ...(name === 'snooze' && { seconds: 5 }) };
        expect((await post(real, name, body)).body.code).toBe('JOBS.LEASE_LOST');
      },
    ),
  ),
];

describe('the life of a job under workers, operators and lost leases', () => {
  let replicas: Replicas;
  let rescue: JobRescue;
  beforeAll(async () => {
    replicas = await startReplicas(1, { JOBS_RESCUE_GRACE_SECONDS: '3600' });
    const { one } = replicas;
    const settings = { ...one.app.get<Settings>(SETTINGS), jobsRescueGraceSeconds: 0 };
    rescue = new JobRescue(one.get(LeasesStore), one.get(JobsStore), one.get(JobRequeues), one.get(Metrics), one.get(JobClock), settings);
  }, 60_000);
  afterAll(async () => replicas.stop(), 30_000);

  it('follows the table of API.md 3, whatever happens in whatever order', async () => {
    const property = fc.asyncProperty(fc.commands(steps, { maxCommands: 30, size: '+1' }), async (commands) => {
      const { jobId: id } = await replicas.createJob({ maxFailures });
      const model: Model = {
        status: 'queued',
        due: true,
        token: null,
        attempt: 0,
        failures: 0,
        losses: 0,
        snoozes: 0,
        cancelRequested: false,
        fenced: [],
      };
      await fc.asyncModelRun(() => ({ model, real: { replicas, rescue, id } }), commands);
      await post({ replicas, rescue, id }, 'cancel', { reason: 'over', force: true }); // no other run claims it
    });
    await fc.assert(property, { numRuns: 60, endOnFailure: true });
  }, 120_000);
});
