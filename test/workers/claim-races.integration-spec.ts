import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Json, type Replica, type Replicas, startReplicas } from './protocol-app.js';

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));

describe('racing claims', () => {
  let replicas: Replicas;
  beforeAll(async () => {
    replicas = await startReplicas(2, { JOBS_RESCUE_GRACE_SECONDS: '3600' });
  }, 60_000);
  afterAll(async () => replicas.stop(), 30_000);
  beforeEach(async () => {
    for (const name of ['inprogress', 'completed']) await replicas.connection.collection(name).deleteMany({});
  });

  const replicaOf = (index: number): Replica => replicas.replicas[index % replicas.replicas.length]!;
  let claims = 0;
  /** Repeats a claim that a busy machine did not answer, under the same claimId. */
  const claim = async (index: number, fields: Record<string, unknown> = {}): Promise<Json> => {
    const body = { worker: { id: `w-${index}` }, operations: ['ADD'], claimId: `c-${(claims += 1)}`, ...fields };
    for (;;) {
      const reply = await replicaOf(index).call('POST', '/jobs/claim', body);
      if (reply.status === 200) return reply.body;
      if (reply.status !== 503) throw new Error(`${reply.status} ${JSON.stringify(reply.body)}`);
    }
  };
  const createJobs = async (count: number): Promise<void> => {
    for (let made = 0; made < count; made += 50) await Promise.all(times(Math.min(50, count - made), () => replicas.createJob()));
  };

  it('hand 2,000 jobs to 200 claimers on two replicas, each job once', async () => {
    await createJobs(2_000);
    const got: string[] = [];
    await Promise.all(
      times(200, async (index) => {
        for (;;) {
          const { job, reason } = await claim(index);
          if (job === null) return expect(reason).toBe('empty');
          got.push(job.jobId);
        }
      }),
    );
    expect(got).toHaveLength(2_000);
    expect(new Set(got).size).toBe(2_000);
  }, 180_000);

  it('hand each of 60 jobs to one of 60 waiting claims, soon after it was created', async () => {
    const waiting = times(60, (index) => claim(index, { waitSeconds: 20 }));
    await createJobs(60);
    const jobs = (await Promise.all(waiting)).map(({ job }) => job?.jobId);
    expect(new Set(jobs).size).toBe(60);
    expect(jobs).not.toContain(undefined);
  }, 60_000);

  it('answer a waiting claim at once when a pause begins', async () => {
    const waiting = claim(0, { waitSeconds: 20 });
    await sleep(200);
    const before = performance.now();
    await replicas.one.compat('POST', '/maintenance-statuses', { msg: 'upgrade to 3.2', paused: true });
    expect(await waiting).toMatchObject({ job: null, reason: 'maintenance', detail: 'upgrade to 3.2', retryAfterSeconds: 5 });
    expect(performance.now() - before).toBeLessThan(1_500);
    await replicas.one.compat('POST', '/maintenance-statuses', { msg: 'done', paused: false });
  }, 30_000);
});
