import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { systemCaller } from '../../src/common/caller.js';
import { contentHashOf, type EventContent, foldedEvent } from '../../src/traces/content/trace-content.js';
import { foldOf, joinFolds, stateOf, type TraceFold } from '../../src/traces/summary/trace-fold.js';
import type { TraceDocument, TraceEventDocument } from '../../src/traces/traces.schema.js';
import { type NewEvent, TracesStore } from '../../src/traces/traces.store.js';
import { eventually } from '../events/eventually.js';
import { type ListeningApplication, withPlatform } from '../support/application.js';
import { freshDataset, step, TraceClient, upload } from './trace-client.js';

const clientOf = ({ http, bearer }: ListeningApplication) => new TraceClient(http, bearer('worker').authorization.slice(7));
const storeOf = ({ app }: ListeningApplication) => app.get(TracesStore, { strict: false });
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));

const traceOf = async ({ connection }: ListeningApplication, traceId: string): Promise<TraceDocument> =>
  (await connection.collection('traces').findOne({ traceId })) as unknown as TraceDocument;
const eventsOf = async ({ connection }: ListeningApplication, traceId: string): Promise<TraceEventDocument[]> =>
  (await connection.collection('traceEvents').find({ traceId }).toArray()) as unknown as TraceEventDocument[];

const foldOfContent = (content: EventContent): TraceFold => {
  const text = JSON.stringify(content);
  return foldOf(foldedEvent(content, contentHashOf({ content, text, canonicalText: text })));
};

/** The fold over everything that is stored of a trace. */
async function expectedFold(application: ListeningApplication, traceId: string): Promise<TraceFold> {
  const folds = (await eventsOf(application, traceId)).map(({ content, contentHash }) =>
    foldOf(foldedEvent(JSON.parse(content) as EventContent, contentHash)),
  );
  return folds.reduce(joinFolds);
}

const files = fc.uniqueArray(fc.constantFrom('a', 'b', '$c', 'd.e', '\u{1f600}', '\uffee'), { maxLength: 3 });
const contents: fc.Arbitrary<EventContent> = fc.record({
  domain: fc.constant('dataset'),
  start_time: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z', '2026-01-01T00:00:01.000001Z', 'N/A'),
  end_time: fc.constantFrom('2026-01-01T00:00:02Z', 'N/A'),
  trace_status: fc.constantFrom('STARTED', 'CONTINUE', 'FINISHED', '$status'),
  trace_event_status: fc.constantFrom('OK', 'FAILED'),
  component: fc.constantFrom('a', '$b', '\u{1f600}', '\uffee'),
  exception: fc.constantFrom('kaput', '$$ROOT'),
  status_body: fc.record({ files_incoming: files, files_outgoing: files }),
});

describe('the summary of a trace', () => {
  it('is in the database what the fold says, for any order, grouping and repetition of the events', async () => {
    await withPlatform(async ({ start }) => {
      const application = await start();
      const store = storeOf(application);
      const property = fc.asyncProperty(
        fc.array(contents, { minLength: 1, maxLength: 6 }),
        fc.infiniteStream(fc.nat()),
        async (events, picks) => {
          const traceId = await clientOf(application).create(upload(freshDataset(), { start_time: '2026-01-01T00:00:00.5Z' }));
          const folds = events.map(foldOfContent);
          const shuffled = [...folds, ...folds].sort(() => (picks.next().value! % 3) - 1);
          const cut = picks.next().value! % shuffled.length;
          const [joined, single] = [shuffled.slice(0, cut), shuffled.slice(cut)];
          await Promise.all([
            ...single.map((fold) => store.project(traceId, fold)),
            ...(joined[0] ? [store.project(traceId, joined.reduce(joinFolds))] : []),
          ]);
          const expected = [await expectedFold(application, traceId), ...folds].reduce(joinFolds);
          const stored = await traceOf(application, traceId);
          expect(stored.fold).toEqual(expected);
          expect(stored.state).toBe(stateOf(expected));
        },
      );
      await fc.assert(property, { numRuns: 40 });
    });
  });

  it('catches up with an event whose request died before the summary was updated', async () => {
    await withPlatform(async ({ start }) => {
      const application = await start();
      const client = clientOf(application);
      const store = storeOf(application);
      const traceId = await client.create(upload(freshDataset()));
      const content = step(1, { trace_status: 'FINISHED', trace_event_status: 'FAILED', exception: 'kaput' }) as EventContent;
      const text = JSON.stringify(content);
      const contentHash = contentHashOf({ content, text, canonicalText: text });
      const { start: place } = foldedEvent(content, contentHash);
      const told = { filesIn: [], filesOut: [], failureMessage: null, s3Path: null, datasetVersion: null };
      const identity = { startTime: content.start_time, component: content.component, operation: '' };
      const statuses = { endTime: content.end_time, traceStatus: content.trace_status, traceEventStatus: content.trace_event_status };
      const event: NewEvent = { ...identity, ...statuses, ...told, place, contentHash, content: text };
      const head = (await store.findHead(traceId))!;
      await store.append(head, event, { type: 'trace.failed', to: 'FINISHED', caller: systemCaller('test') });
      await eventually(async () => (await traceOf(application, traceId)).state === 'failed');
      expect((await traceOf(application, traceId)).fold).toEqual(await expectedFold(application, traceId));
    });
  });

  it('holds for 50 parallel appends to one trace over two replicas: none lost, order stable', async () => {
    await withPlatform(async ({ start }) => {
      const replicas = [await start(), await start()];
      const clients = replicas.map(clientOf);
      const traceId = await clients[0]!.create(upload(freshDataset()));
      const bodies = times(50, (index) =>
        step(index % 10, {
          component: `c${index % 7}`,
          operation: `op ${index}`,
          ...(index === 30 && { trace_status: 'FINISHED' }),
          ...(index === 31 && { trace_status: 'FINISHED', trace_event_status: 'FAILED' }),
          status_body: { files_incoming: [`in ${index}`], files_outgoing: [`out ${index}`] },
        }),
      );
      const stored = await Promise.all(bodies.map((body, index) => clients[index % 2]!.append(traceId, body)));
      const [first, second] = [await clients[0]!.events(traceId), await clients[1]!.events(traceId)];
      expect(first).toEqual(second);
      expect(new Set(first.map((event) => event.trace_event_id))).toEqual(
        new Set([first[0]!.trace_event_id, ...stored.map((event) => event.trace_event_id)]),
      );
      expect(first).toHaveLength(51);
      const trace = await traceOf(replicas[0]!, traceId);
      expect(trace.fold).toEqual(await expectedFold(replicas[0]!, traceId));
      expect([trace.state, trace.fold.failed !== null]).toEqual(['finished', true]);
    });
  });

  it('keeps one event for one content, and every content, when many arrive at once under one identity', async () => {
    await withPlatform(async ({ start }) => {
      const application = await start();
      const client = clientOf(application);
      const traceId = await client.create(upload(freshDataset()));
      const sent = await Promise.all(times(20, (index) => client.append(traceId, step(1, { duration: index % 5 }))));
      expect(new Set(sent.map((event) => event.trace_event_id)).size).toBe(1);
      const stored = (await eventsOf(application, traceId)).filter((event) => event.component === 'my-component');
      expect(stored.map((event) => event.edition).sort()).toEqual([0, 1, 2, 3, 4]);
      expect(await client.events(traceId)).toHaveLength(2);
    });
  });

  it('takes 100 different contents of one event that arrive at once over two replicas', async () => {
    await withPlatform(async ({ start }) => {
      const replicas = [await start(), await start()];
      const clients = replicas.map(clientOf);
      const traceId = await clients[0]!.create(upload(freshDataset()));
      const sent = await Promise.all(times(100, (index) => clients[index % 2]!.append(traceId, step(1, { duration: index }))));
      expect(new Set(sent.map((event) => event.trace_event_id)).size).toBe(1);
      const stored = (await eventsOf(replicas[0]!, traceId)).filter((event) => event.component === 'my-component');
      expect(stored.map((event) => event.edition).sort((a, b) => a - b)).toEqual(times(100, (index) => index));
    });
  });
});

describe('queries of traces', () => {
  it('use the index that is made for each', async () => {
    await withPlatform(async ({ start }) => {
      const application = await start();
      const client = clientOf(application);
      for (const dataset of times(20, () => freshDataset())) {
        const traceId = await client.create(upload(dataset, { s3_path: `${dataset}.csv` }));
        for (const second of [1, 2]) await client.append(traceId, step(second));
      }
      const events = application.connection.collection('traceEvents');
      const indexOf = async (cursor: { explain(): Promise<unknown> }) =>
        [...JSON.stringify(((await cursor.explain()) as { queryPlanner: object }).queryPlanner).matchAll(/"indexName":"(\w+)"/g)][0]?.[1];
      const [{ traceId, s3Path }] = (await events.find({ edition: 0, s3Path: { $ne: null } }).toArray()) as unknown as [TraceEventDocument];
      expect(await indexOf(events.find({ s3Path }).sort({ traceCreatedAt: -1, traceId: 1 }).limit(1))).toBe('s3_path');
      expect(await indexOf(events.find({ traceId, startTime: 'x', component: 'y', operation: 'z' }).sort({ edition: 1 }))).toBe('identity');
      const traces = application.connection.collection('traces');
      const newest = { createdAt: -1, _id: -1 } as const;
      expect(await indexOf(traces.find({ datasetName: 'x' }).sort(newest))).toBe('dataset_created');
      expect(await indexOf(traces.find({ 'fold.components.names': 'x' }).sort(newest))).toBe('component_created');
      expect(await indexOf(traces.find({ s3Path }).sort(newest))).toBe('s3_path_created');
      for (const jobs of ['inprogress', 'completed']) {
        const ofTrace = application.connection.collection(jobs).find({ traceId: 'x' }).sort({ createdAt: -1, _id: -1 });
        expect(await indexOf(ofTrace)).toBe('trace_created');
      }
    });
  });
});
