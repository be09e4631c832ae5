import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Json, type Replica, type Replicas, startReplicas } from './protocol-app.js';

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
const workers = 50;
const jobs = 20;
/** A tenth of what was asked for, to be quick; all of it: `TOGGLES=1000 npm test -- test/workers/pauses`. */
const toggles = Number(process.env['TOGGLES'] ?? 100);
/** Claims that must have begun and ended in a pause before it ends. */
const askedInPause = 10;
/** In a pause one of so many workers goes on asking; the others wait for its end, as they are told to. */
const asking = 5;
/** Jobs that must have been handed out before the next pause begins. */
const handedOutBetween = 5;

describe('many toggles of the maintenance switch under 50 claiming workers', () => {
  let replicas: Replicas;
  beforeAll(async () => {
    replicas = await startReplicas(2, { JOBS_RESCUE_GRACE_SECONDS: '3600' });
    for (let made = 0; made < jobs; made++) await replicas.createJob();
  }, 60_000);
  afterAll(async () => replicas.stop(), 30_000);

  const replicaOf = (index: number): Replica => replicas.replicas[index % replicas.replicas.length]!;
  let claims = 0;
  /** Repeats a claim that a busy machine did not answer, under the same claimId. */
  const claim = async (index: number): Promise<Json> => {
    const body = { worker: { id: `w-${index}` }, operations: ['ADD'], claimId: `c-${(claims += 1)}` };
    for (;;) {
      const reply = await replicaOf(index).call('POST', '/jobs/claim', body);
      if (reply.status === 200) return reply.body;
      if (reply.status !== 503) throw new Error(`${reply.status} ${JSON.stringify(reply.body)}`);
    }
  };
  /** By the old and the native surface in turn, through one replica and the other. */
  const tryToggle = async (number: number, on: boolean): Promise<number> => {
    const { app, compat, bearer } = replicaOf(number >> 1);
    const reason = `upgrade ${number}`;
    if (number % 4 < 2) return (await compat('POST', '/maintenance-statuses', { msg: reason, paused: on })).status;
    const headers = { authorization: bearer('pipeline'), 'if-match': '*' };
    return (await app.inject({ method: 'PUT', url: '/api/v1/maintenance', headers, payload: { on, reason } })).statusCode;
  };
  /** Repeats what a busy machine did not answer. */
  const toggle = async (number: number, on: boolean): Promise<void> => {
    for (let status = 503; status !== 200;) {
      status = await tryToggle(number, on);
      if (status !== 200 && status !== 503) throw new Error(`the switch answered ${status}`);
    }
  };

  it('hand out nothing by a claim that starts after a pause was acknowledged', async () => {
    /** The number of the pause that is on, from its acknowledgement until somebody asks for its end; 0 without. */
    let pause = 0;
    const [handedOut, refused] = [{ count: 0 }, { count: 0 }];
    const broken: string[] = [];
    let going = true;
    const worker = async (index: number): Promise<void> => {
      while (going) {
        const startedIn = pause;
        if (startedIn !== 0 && index % asking !== startedIn % asking) {
          await sleep(20);
          continue;
        }
        const { job, leaseToken } = await claim(index);
        const inPause = startedIn !== 0 && startedIn === pause;
        if (!job) {
          if (inPause) refused.count += 1;
          await sleep(randomInt(100));
          continue;
        }
        handedOut.count += 1;
        if (inPause) broken.push(job.jobId);
        await replicaOf(index).call('POST', `/jobs/${job.jobId}/release`, { leaseToken });
      }
    };
    const untilMore = async (counted: { count: number }, more: number): Promise<void> => {
      for (const before = counted.count; counted.count < before + more && broken.length === 0;) await sleep(1);
    };
    const switching = async (): Promise<void> => {
      for (let number = 1; number <= toggles; number++) {
        const on = number % 2 === 1;
        if (!on) pause = 0;
        await toggle(number, on);
        if (on) pause = number;
        await (on ? untilMore(refused, askedInPause) : untilMore(handedOut, handedOutBetween));
      }
    };
    await Promise.all([switching().finally(() => (going = false)), ...times(workers, worker)]);
    expect(broken).toEqual([]);
    const left = await replicas.connection.collection('inprogress').find({}).toArray();
    expect(left.map((job) => job['status'])).toEqual(times(jobs, () => 'queued'));
  }, 900_000);
});
