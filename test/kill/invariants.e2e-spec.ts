import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type mongoose from 'mongoose';
import { CompatClient, freshTarget } from '../support/compat-client.js';
import { checkInvariants } from './invariants.js';
import { KillableService } from './killable-service.js';
import { Ledger, type TrackedJob } from './ledger.js';

const plan = ['initiated', 'importing', 'completed'];
const id = (job: TrackedJob) => ({ _id: job.jobId }) as object;

/** What a broken service could have done, and the words of the check that sees it. */
const faults: [string, boolean, (connection: mongoose.Connection, job: TrackedJob) => Promise<unknown>, RegExp][] = [
  ['a lost job', true, (db, job) => db.collection('completed').deleteOne(id(job)), /exists 0 times/],
  [
    'a state that went back',
    true,
    (db, job) => db.collection('completed').updateOne(id(job), { $set: { status: 'failed' } }),
    /is failed, not completed/,
  ],
  [
    'a lost log line',
    false,
    (db, job) => db.collection('inprogress').updateOne(id(job), { $pop: { log: -1 } }),
    /lost its acknowledged log line/,
  ],
  [
    'a log line that was written twice',
    false,
    (db, job) => db.collection('inprogress').updateOne(id(job), [{ $set: { log: { $concatArrays: ['$log', [{ $last: '$log' }]] } } }]),
    /has the log line .* 2 times/,
  ],
  ['a lost event', true, (db, job) => db.collection('events').deleteOne({ documentId: job.jobId, version: 2 }), /no event for version 2/],
  [
    'a change without its event',
    false,
    (db, job) => db.collection('inprogress').updateOne(id(job), { $inc: { version: 1 } }),
    /no event for version/,
  ],
  [
    'a finished job that blocks',
    false,
    (db, job) => db.collection('inprogress').updateOne(id(job), { $set: { status: 'completed' } }),
    /blocks its dataset/,
  ],
  ['a job in both collections', true, (db, job) => copyBack(db, job), /is in both collections/],
  [
    'a target row that is stale',
    true,
    (db, job) => db.collection('targets').updateOne({ name: job.target }, { $set: { 'outcome.status': 'failed' } }),
    /the row of .* says failed/,
  ],
];

async function copyBack(db: mongoose.Connection, job: TrackedJob): Promise<void> {
  const stored = await db.collection('completed').findOne(id(job));
  await db.collection('inprogress').insertOne({ ...stored!, status: 'running' });
}

describe('the checks of the kill test', () => {
  let victim: KillableService;
  beforeAll(async () => {
    victim = await KillableService.start();
  }, 90_000);
  afterAll(() => victim.close(), 30_000);

  /** A job that was reported and acknowledged step by step, finished or not. */
  async function workedJob(ledger: Ledger, finished: boolean): Promise<TrackedJob> {
    const compat = new CompatClient(victim.http);
    const target = freshTarget();
    const job = ledger.track(await compat.create(target), target, plan);
    for (const status of finished ? plan : plan.slice(0, 2)) {
      await compat.update(job.jobId, { status, log: `line of ${status}` });
      for (const lines of [job.lines, job.linesSent]) lines.push(`Set status: ${status}`, `line of ${status}`);
      job.sent = job.acknowledged += 1;
    }
    return job;
  }

  async function allRelayed(db: mongoose.Connection, job: TrackedJob, events: number): Promise<void> {
    while ((await db.collection('events').countDocuments({ documentId: job.jobId })) < events) await new Promise(setImmediate);
    for (const name of ['inprogress', 'completed']) {
      while (await db.collection(name).countDocuments({ ...id(job), 'outbox.0': { $exists: true } })) await new Promise(setImmediate);
    }
  }

  it('find nothing where nothing is wrong, and forget what is settled', async () => {
    const ledger = new Ledger();
    await workedJob(ledger, true);
    const open = await workedJob(ledger, false);
    await checkInvariants(victim, ledger);
    expect(ledger.violations).toEqual([]);
    expect([...ledger.jobs.keys()]).toEqual([open.jobId]);
  });

  it.each(faults)(
    'see %s',
    async (_what, finished, damage, seen) => {
      const ledger = new Ledger();
      const job = await workedJob(ledger, finished);
      await victim.withDatabase(async (db) => {
        await allRelayed(db, job, finished ? 4 : 3);
        await damage(db, job);
        await checkInvariants(victim, ledger);
        await Promise.all(['inprogress', 'completed'].map((name) => db.collection(name).deleteOne(id(job))));
      });
      expect(ledger.violations.join('\n')).toMatch(seen);
    },
    30_000,
  );
});
