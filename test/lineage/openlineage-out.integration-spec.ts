import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventConsumers } from '../../src/events/index.js';
import type { RunEvent } from '../../src/lineage/openlineage/openlineage.js';
import { eventually } from '../events/eventually.js';
import { type Json, type Replicas, startReplicas } from '../workers/protocol-app.js';
import { faultsOf } from './facet-schemas.js';
import { StubReceiver } from './stub-receiver.js';

let receiver: StubReceiver;
let platform: Replicas | undefined;

const settings = (): Record<string, string> => ({
  OPENLINEAGE_URL: receiver.url,
  OPENLINEAGE_API_KEY: 'secret-key',
  JOBS_RESCUE_GRACE_SECONDS: '0',
  JOBS_MIN_LEASE_SECONDS: '1',
  JOBS_EXTRA_OPERATIONS: 'COUNT',
});

async function start(more: Record<string, string> = {}): Promise<Replicas> {
  platform = await startReplicas(1, { ...settings(), ...more });
  await eventually(async () => (await platform!.connection.collection('eventConsumers').countDocuments({ name: 'openlineage' })) === 1);
  return platform;
}

beforeEach(async () => {
  receiver = await StubReceiver.start();
});

afterEach(async () => {
  await platform?.stop();
  platform = undefined;
  await receiver.stop();
});

interface Lease {
  readonly jobId: string;
  readonly runId: string;
  readonly step: (name: string, body?: object) => Promise<Json>;
}

async function claim({ one }: Replicas, operation = 'ADD', leaseSeconds = 60): Promise<Lease> {
  const { body } = await one.call('POST', '/jobs/claim', { worker: { id: 'w-1' }, operations: [operation], leaseSeconds }, 'worker');
  const { jobId, attempts } = body.job;
  const step = async (name: string, more: object = {}): Promise<Json> => {
    const reply = await one.call('POST', `/jobs/${jobId}/${name}`, { leaseToken: body.leaseToken, ...more }, 'worker');
    if (reply.status !== 200) throw new Error(JSON.stringify(reply.body));
    return reply.body;
  };
  return { jobId, runId: attempts.at(-1).runId, step };
}

const eventOf = (runId: string, type: string): RunEvent =>
  receiver.taken().find(({ run, eventType }) => run.runId === runId && eventType === type)!;

describe('OpenLineage events of jobs', () => {
  it('tell of the job as a run, of each attempt as a run under it, and fit the published schema', async () => {
    const replicas = await start();
    const { jobId, datasetName } = await replicas.createJob();
    const first = await claim(replicas);
    await first.step('heartbeat', { phase: 'validating', percent: 10 });
    await first.step('heartbeat', { percent: 40 });
    await first.step('fail', { error: { code: 'BAD_METADATA', message: 'column 3 has no name' }, retryAfterSeconds: 0 });
    const second = await claim(replicas);
    await second.step('complete', {
      result: { rows: 1_500, files: 2, note: 'x' },
      inputs: [{ namespace: 's3://raw', name: 'a.csv' }],
      outputs: [{ namespace: 'signalbox', name: datasetName, version: '2.1' }],
    });
    await eventually(() => receiver.typesOf(jobId).length === 2 && receiver.typesOf(second.runId).length === 2);

    expect(receiver.typesOf(jobId)).toEqual(['START', 'COMPLETE']);
    expect(receiver.typesOf(first.runId)).toEqual(['START', 'RUNNING', 'FAIL']);
    expect(receiver.typesOf(second.runId)).toEqual(['START', 'COMPLETE']);
    expect(receiver.taken().flatMap(faultsOf)).toEqual([]);
    expect(receiver.calls.every(({ path, authorization }) => path === '/api/v1/lineage' && authorization === 'Bearer secret-key')).toBe(
      true,
    );
    const failed = eventOf(first.runId, 'FAIL');
    expect(failed.run.facets).toMatchObject({
      errorMessage: { message: 'column 3 has no name' },
      parent: { run: { runId: jobId }, job: { namespace: 'signalbox', name: `ADD.${datasetName}` } },
    });
    expect(failed.inputs).toEqual([{ namespace: 'signalbox/files', name: `input/${datasetName}.tar` }]);
    expect(failed.outputs).toEqual([]);
    const completed = eventOf(second.runId, 'COMPLETE');
    expect(completed.inputs).toContainEqual({ namespace: 's3://raw', name: 'a.csv' });
    expect(completed.outputs).toMatchObject([
      {
        name: datasetName,
        facets: { version: { datasetVersion: '2.1' } },
        outputFacets: { outputStatistics: { rowCount: 1_500, fileCount: 2 } },
      },
    ]);
  }, 60_000);

  it('call a lost lease and a cancelled run ABORT, with the reason', async () => {
    const replicas = await start();
    await replicas.createJob({ operation: 'COUNT' });
    const lost = await claim(replicas, 'COUNT', 1);
    await eventually(() => receiver.typesOf(lost.runId).includes('ABORT'), 30_000);
    const again = await claim(replicas, 'COUNT');
    expect(again.jobId).toBe(lost.jobId);
    await replicas.one.call('POST', `/jobs/${again.jobId}/cancel`, { reason: 'wrong file' });
    await again.step('release');
    await eventually(() => receiver.typesOf(again.jobId).includes('ABORT'));
    expect(receiver.typesOf(lost.runId)).toEqual(['START', 'ABORT']);
    expect(receiver.typesOf(again.runId)).toEqual(['START', 'ABORT']);
    expect(eventOf(lost.runId, 'ABORT').run.facets).toMatchObject({ errorMessage: { message: expect.stringContaining('lease ended') } });
    for (const runId of [again.runId, again.jobId])
      expect(eventOf(runId, 'ABORT').run.facets).toMatchObject({ errorMessage: { message: 'wrong file' } });
    expect(receiver.taken().flatMap(faultsOf)).toEqual([]);
  }, 60_000);

  it('come again until the receiver takes them, in the order of their run, while it fails', async () => {
    const replicas = await start();
    let failing = true;
    const answers = [503, 429, null, 401, 502, 404, 500] as const;
    receiver.behave = (_event, calls) => (failing ? answers[calls.length % answers.length]! : 201);
    const { jobId } = await replicas.createJob();
    const { runId, step } = await claim(replicas);
    await step('complete');
    await eventually(() => receiver.calls.length >= answers.length, 30_000);
    expect(receiver.calls.every(({ event: { run, eventType } }) => run.runId === jobId && eventType === 'START')).toBe(true);
    failing = false;
    await eventually(() => receiver.typesOf(jobId).length === 2, 30_000);
    expect(receiver.taken().map(({ run, eventType }) => [run.runId, eventType])).toEqual([
      [jobId, 'START'],
      [runId, 'START'],
      [runId, 'COMPLETE'],
      [jobId, 'COMPLETE'],
    ]);
  }, 60_000);

  it('that the receiver refuses are counted and passed over, those of other runs are not held up', async () => {
    const replicas = await start();
    const [refused, other] = [await replicas.createJob(), await replicas.createJob({ operation: 'COUNT' })];
    receiver.behave = ({ run, eventType }) => (run.runId === refused.jobId && eventType === 'START' ? 422 : 201);
    await claim(replicas, 'COUNT');
    await eventually(() => receiver.typesOf(other.jobId).length === 1, 30_000);
    await replicas.one.call('POST', `/jobs/${refused.jobId}/cancel`, { reason: 'no more' });
    await eventually(() => receiver.typesOf(refused.jobId).includes('ABORT'), 30_000);
    expect(receiver.calls.filter(({ status }) => status === 422).length).toBeLessThanOrEqual(1);
    const metrics = await replicas.one.app.inject({ method: 'GET', url: '/metrics' });
    expect(metrics.body).toMatch(/signalbox_openlineage_events_total\{outcome="taken"\} [1-9]/);
    expect(metrics.body).toContain('signalbox_consumer_lag_seconds{consumer="openlineage"}');
  }, 60_000);

  it('wait as long as the receiver asks for', async () => {
    const replicas = await start();
    const times: number[] = [];
    receiver.behave = (_event, calls) => {
      times.push(performance.now());
      return calls.length === 0 ? { status: 503, headers: { 'retry-after': '2' } } : 201;
    };
    await replicas.createJob();
    await eventually(() => receiver.taken().length === 1, 30_000);
    expect(times[1]! - times[0]!).toBeGreaterThan(1_900);
  }, 60_000);
});

describe('OpenLineage events of several replicas', () => {
  it('are told by the one that is left when the other is stopped while the receiver is away', async () => {
    platform = await startReplicas(2, settings());
    const [first, second] = platform.replicas;
    await eventually(async () => (await platform!.connection.collection('eventConsumers').countDocuments({ name: 'openlineage' })) === 1);
    receiver.behave = () => 503;
    const { jobId } = await platform.createJob();
    await platform.one.call('POST', `/jobs/${jobId}/cancel`, { reason: 'no more' });
    await eventually(() => receiver.calls.length > 0, 30_000);
    const statusOf = async (replica: typeof first) => (await replica!.get(EventConsumers).status()).get('openlineage')!;
    const leader = (await statusOf(first)).leader ? first! : second!;
    const left = leader === first ? second! : first!;
    await leader.app.close();
    receiver.behave = () => 201;
    await eventually(() => receiver.typesOf(jobId).length === 2, 30_000);
    expect(receiver.typesOf(jobId)).toEqual(['START', 'ABORT']);
    await eventually(async () => (await statusOf(left)).pending === 0);
  }, 60_000);
});
