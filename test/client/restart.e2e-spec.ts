import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createClient,
  type Job,
  JobFailure,
  type JobHandler,
  RunStopped,
  runWorker,
  type SignalboxClient,
  type SignalboxEvent,
  type WorkerNotice,
} from '../../src/client/index.js';
import { eventually } from '../events/eventually.js';
import { freeLoopbackPort } from '../process/free-port.js';
import { freshDatabaseName } from '../support/database.js';
import { adminToken, type Service, startService } from '../support/service.js';

/** Everything that a stream gives, as it comes. */
class Collected {
  readonly events: SignalboxEvent[] = [];
  opened = 0;
  private readonly stop = new AbortController();
  private readonly done: Promise<void>;

  constructor(client: SignalboxClient) {
    this.done = this.collect(client);
  }

  private async collect(client: SignalboxClient): Promise<void> {
    for await (const message of client.events({ topic: ['job'] }, { signal: this.stop.signal })) {
      if (message.kind === 'open') this.opened++;
      if (message.kind === 'event') this.events.push(message.event);
      if (message.kind === 'reset') throw new Error('nothing was lost, and the stream says so');
    }
  }

  async end(): Promise<void> {
    this.stop.abort();
    await this.done;
  }
}

/** A worker in this process, with what it says. */
function startWorker(client: SignalboxClient, handlers: Readonly<Record<string, JobHandler>>) {
  const notices: WorkerNotice[] = [];
  const stop = new AbortController();
  const ended = runWorker({
    client,
    worker: { id: 'restart-worker', version: '1.0' },
    operations: ['ADD'],
    handler: (job, run) => handlers[job.datasetName]!(job, run),
    leaseSeconds: 15,
    waitSeconds: 2,
    signal: stop.signal,
    stopGraceSeconds: 1,
    onNotice: (notice) => notices.push(notice),
  });
  const said = (kind: WorkerNotice['kind'], jobId?: string): boolean =>
    notices.some((each) => each.kind === kind && (jobId === undefined || ('jobId' in each && each.jobId === jobId)));
  return { notices, said, stop: () => (stop.abort(), ended) };
}

describe('the typed client while the service is killed and started again', () => {
  let dataDir: string;
  let env: Record<string, string>;
  let service: Service;
  let client: SignalboxClient;
  const restart = async (): Promise<void> => {
    await service.kill();
    service = await startService({ dataDir, env });
  };
  const create = (datasetName: string): Promise<Job> =>
    client.request<Job>({ method: 'POST', path: '/api/v1/jobs', body: { datasetName, operation: 'ADD' } });
  const get = (jobId: string): Promise<Job> => client.request<Job>({ path: `/api/v1/jobs/${jobId}` });

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'signalbox-restart-'));
    env = { PORT: String(await freeLoopbackPort()), MONGODB_DATABASE: freshDatabaseName() };
    service = await startService({ dataDir, env });
    client = createClient({ url: service.url, token: () => adminToken(dataDir) });
  }, 90_000);
  afterAll(async () => {
    await service.stop();
    await rm(dataDir, { recursive: true, force: true });
  }, 30_000);

  it('gets every event once and in order', async () => {
    const collected = new Collected(client);
    await eventually(() => collected.opened === 1);
    const jobs = [await create('STREAM_1'), await create('STREAM_2')];
    await eventually(() => collected.events.length === 2);
    const lateJob = service.kill().then(() => create('STREAM_3')); // waits for the service, as any call of the client
    await eventually(() =>
      service.http.get('/health/live').then(
        () => false,
        () => true,
      ),
    );
    service = await startService({ dataDir, env });
    jobs.push(await lateJob, await create('STREAM_4'));
    await eventually(() => collected.events.length === 4);
    expect(collected.events.map(({ subject, type }) => [subject, type])).toEqual(
      jobs.map(({ jobId }) => [`jobs/${jobId}`, 'job.created.v1']),
    );
    expect(collected.opened).toBeGreaterThan(1);
    await collected.end();
    for (const { jobId } of jobs)
      await client.request({ method: 'POST', path: `/api/v1/jobs/${jobId}/cancel`, body: { reason: 'end of the test' } });
  }, 120_000);

  it('goes on with a job that it holds, and does the next ones', async () => {
    let restarted = false;
    const worker = startWorker(client, {
      HELD: async (_job, run) => {
        run.report({ phase: 'importing', percent: 10 });
        run.log('before');
        await run.flush();
        while (!restarted) await sleep(20);
        run.log('after');
        return { result: { rows: 9 }, outputs: [{ namespace: 'store', name: 'HELD', version: '1.0' }] };
      },
      BROKEN: () => Promise.reject(new JobFailure('BAD_METADATA', 'no name', { retryable: false, details: { file: 'x.json' } })),
    });
    const held = await create('HELD');
    await eventually(async () => (await get(held.jobId)).phase === 'importing');
    await restart();
    restarted = true;
    await eventually(() => worker.said('completed', held.jobId));
    expect(await get(held.jobId)).toMatchObject({ status: 'completed', attempt: 1, losses: 0, result: { rows: 9 } });
    const { items } = await client.request<{ items: { message: string }[] }>({ path: `/api/v1/jobs/${held.jobId}/log` });
    expect(items.map(({ message }) => message)).toEqual(['before', 'after']);
    const broken = await create('BROKEN');
    await eventually(() => worker.said('failed', broken.jobId));
    expect(await get(broken.jobId)).toMatchObject({
      status: 'failed',
      error: { code: 'BAD_METADATA', message: 'no name', details: { file: 'x.json' } },
    });
    await worker.stop();
    const { items: workers } = await client.request<{ items: object[] }>({ path: '/api/v1/workers' });
    expect(workers).toMatchObject([{ workerId: 'restart-worker', version: '1.0', operations: ['ADD'] }]);
  }, 120_000);

  it('tells a handler that somebody cancelled its job', async () => {
    const reasons: unknown[] = [];
    const worker = startWorker(client, {
      UNWANTED: async (_job, run) => {
        while (!run.signal.aborted) {
          await run.flush();
          await sleep(20);
        }
        reasons.push(run.signal.reason);
        throw run.signal.reason;
      },
    });
    const { jobId } = await create('UNWANTED');
    await eventually(async () => (await get(jobId)).status === 'running');
    await client.request({ method: 'POST', path: `/api/v1/jobs/${jobId}/cancel`, body: { reason: 'wrong file' } });
    await eventually(() => worker.said('released', jobId));
    expect(reasons).toEqual([expect.any(RunStopped)]);
    expect(reasons[0]).toMatchObject({ why: 'cancelled', message: 'wrong file' });
    expect(await get(jobId)).toMatchObject({ status: 'cancelled', attempts: [{ outcome: 'cancelled' }] });
    await worker.stop();
  }, 60_000);
});
