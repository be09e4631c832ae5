import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type mongoose from 'mongoose';
import { freshDataset, step, TraceClient, upload } from '../traces/trace-client.js';
import { KillableService } from './killable-service.js';
import { Ledger, type TrackedTrace } from './ledger.js';
import { checkTraces } from './trace-invariants.js';

type Fault = (connection: mongoose.Connection, traceId: string) => Promise<unknown>;

const lastStep = (traceId: string) => ({ traceId, operation: 'step 1' });

async function doubleStep(connection: mongoose.Connection, traceId: string): Promise<void> {
  const events = connection.collection('traceEvents');
  const stored = (await events.findOne(lastStep(traceId)))!;
  await events.insertOne({ ...stored, _id: randomUUID() as never, startTime: `${String(stored['startTime'])} again` });
}

/** What a broken service could have done, and the words of the check that sees it. */
const faults: [string, Fault, RegExp][] = [
  ['a lost event', (db, traceId) => db.collection('traceEvents').deleteOne(lastStep(traceId)), /has lost its acknowledged event "step 1"/],
  ['a doubled event', doubleStep, /has its event "step 1" 2 times/],
  ['a trace without events', (db, traceId) => db.collection('traceEvents').deleteMany({ traceId }), /has no event/],
  ['events without a trace', (db, traceId) => db.collection('traces').deleteOne({ traceId }), /has events and no head/],
  [
    'a wrong summary',
    (db, traceId) => db.collection('traces').updateOne({ traceId }, { $set: { 'fold.startedAt': new Date(0) } }),
    /is not the fold/,
  ],
  ['an event that nobody was told of', forget, /was told 0 times, 0 wait/],
];

/** Takes away what tells of the step, as if it had never been. */
async function forget(connection: mongoose.Connection, traceId: string): Promise<void> {
  const stored = (await connection.collection('traceEvents').findOne(lastStep(traceId)))!;
  await connection.collection('traceEvents').updateOne({ _id: stored._id }, { $set: { outbox: [] } });
  await connection.collection('events').deleteMany({ documentId: stored._id });
}

let victim: KillableService;
beforeAll(async () => {
  victim = await KillableService.start();
}, 60_000);
afterAll(() => victim.close(), 30_000);

async function trackedTrace(ledger: Ledger): Promise<TrackedTrace> {
  const client = new TraceClient(victim.http, victim.bearer);
  const trace = ledger.trackTrace(await client.create(upload(freshDataset())));
  for (const index of [0, 1]) {
    const { trace_event_id: id } = await client.append(trace.traceId, step(index, { operation: `step ${index}` }));
    trace.sent.add(`step ${index}`);
    trace.acknowledged.set(`step ${index}`, id);
  }
  return trace;
}

it('finds nothing wrong with traces that are as they were acknowledged', async () => {
  const ledger = new Ledger();
  const trace = await trackedTrace(ledger);
  trace.ended = true;
  await checkTraces(victim, ledger);
  expect([ledger.violations, ledger.traces.size]).toEqual([[], 0]);
});

it.each(faults)('sees %s', async (_name, fault, words) => {
  const ledger = new Ledger();
  const { traceId } = await trackedTrace(ledger);
  await victim.withDatabase((connection) => fault(connection, traceId));
  await checkTraces(victim, ledger, 500);
  expect(ledger.violations).toContainEqual(expect.stringMatching(words));
  await victim.withDatabase(async (connection) => {
    for (const name of ['traces', 'traceEvents']) await connection.collection(name).deleteMany({ traceId });
  });
});
