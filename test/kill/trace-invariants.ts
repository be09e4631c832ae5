import { isDeepStrictEqual } from 'node:util';
import type mongoose from 'mongoose';
import { type EventContent, foldedEvent } from '../../src/traces/content/trace-content.js';
import { foldOf, joinFolds } from '../../src/traces/summary/trace-fold.js';
import type { TraceDocument, TraceEventDocument } from '../../src/traces/traces.schema.js';
import { eventually } from '../events/eventually.js';
import { TraceClient } from '../traces/trace-client.js';
import type { KillableService } from './killable-service.js';
import type { Ledger, TrackedTrace } from './ledger.js';

/**
 * Compares what was acknowledged of traces with what is there, while no client writes, and waits until every summary is the fold of its events. Writes
 * every difference to the ledger, and forgets the ended traces for which there is none.
 * @param patienceMs how long a summary may lag behind
 */
export async function checkTraces(victim: KillableService, ledger: Ledger, patienceMs = 60_000): Promise<void> {
  const tracked = [...ledger.traces.values()];
  const before = ledger.violations.length;
  await victim.withDatabase(async (connection) => {
    await checkHalves(connection, ledger);
    for (const trace of tracked) await checkTrace(connection, trace, ledger);
    if (ledger.violations.length === before) await checkSummaries(connection, tracked, { ledger, patienceMs });
  });
  for (const trace of tracked) await checkOverHttp(victim, trace, ledger);
  if (ledger.violations.length === before) ledger.settleTraces(tracked.filter(({ ended }) => ended));
}

/** Neither a trace without an event nor an event without its trace. */
async function checkHalves(connection: mongoose.Connection, ledger: Ledger): Promise<void> {
  const heads = new Set((await connection.collection('traces').distinct('traceId')) as string[]);
  const told = new Set((await connection.collection('traceEvents').distinct('traceId')) as string[]);
  for (const traceId of heads) if (!told.has(traceId)) ledger.violation(`trace ${traceId} has no event`);
  for (const traceId of told) if (!heads.has(traceId)) ledger.violation(`trace ${traceId} has events and no head`);
}

const eventsOf = async (connection: mongoose.Connection, traceId: string): Promise<TraceEventDocument[]> =>
  (await connection.collection('traceEvents').find({ traceId }).toArray()) as unknown as TraceEventDocument[];

/** Every acknowledged event once, under the id that was answered; every other one at most once; and each has told of itself once. */
async function checkTrace(connection: mongoose.Connection, trace: TrackedTrace, ledger: Ledger): Promise<void> {
  const { traceId } = trace;
  const stored = await eventsOf(connection, traceId);
  for (const operation of trace.sent) {
    const found = stored.filter((event) => event.operation === operation);
    const acknowledged = trace.acknowledged.get(operation);
    if (found.length > 1) ledger.violation(`trace ${traceId} has its event "${operation}" ${found.length} times`);
    if (acknowledged !== undefined && found[0]?.traceEventId !== acknowledged)
      ledger.violation(`trace ${traceId} has lost its acknowledged event "${operation}"`);
  }
  for (const { _id, outbox } of stored) {
    const told = await connection.collection('events').countDocuments({ documentId: _id });
    if (told > 1 || told + outbox.length < 1)
      ledger.violation(`event ${_id} of trace ${traceId} was told ${told} times, ${outbox.length} wait`);
  }
}

/** What a death left out of a summary is caught up by the consumer of events. */
async function checkSummaries(
  connection: mongoose.Connection,
  tracked: readonly TrackedTrace[],
  { ledger, patienceMs }: { ledger: Ledger; patienceMs: number },
): Promise<void> {
  for (const { traceId } of tracked) {
    const folds = (await eventsOf(connection, traceId)).map(({ content, contentHash }) =>
      foldOf(foldedEvent(JSON.parse(content) as EventContent, contentHash)),
    );
    const expected = folds.reduce(joinFolds);
    const agrees = async () => {
      const head = (await connection.collection('traces').findOne({ traceId })) as unknown as TraceDocument;
      return isDeepStrictEqual(head.fold, expected);
    };
    await eventually(agrees, patienceMs).catch(() => ledger.violation(`the summary of trace ${traceId} is not the fold of its events`));
  }
}

async function checkOverHttp(victim: KillableService, trace: TrackedTrace, ledger: Ledger): Promise<void> {
  const reply = await new TraceClient(victim.http, victim.bearer).tryRead(trace.traceId);
  if (reply.status !== 200) return ledger.violation(`GET of trace ${trace.traceId}: ${reply.status} ${reply.text}`);
  const shown = reply.json<{ operation: string }[]>().map(({ operation }) => operation);
  if (new Set(shown).size < shown.length) ledger.violation(`trace ${trace.traceId} shows an event twice`);
  for (const operation of trace.acknowledged.keys())
    if (!shown.includes(operation)) ledger.violation(`trace ${trace.traceId} does not show "${operation}"`);
}
