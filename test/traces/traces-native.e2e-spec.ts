import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { NativeClient, refusal } from '../jobs/native-client.js';
import { eventually } from '../events/eventually.js';
import { placeInTime } from '../../src/traces/content/trace-time.js';
import { testMongodbUrl, withConnection } from '../support/database.js';
import { useService } from '../support/use-service.js';
import { freshDataset, step, TraceClient, upload } from './trace-client.js';

interface Trace {
  readonly traceId: string;
  readonly [field: string]: unknown;
}

describe('traces on the native API', () => {
  const file = useService({});
  let client: TraceClient;
  let native: NativeClient;
  beforeAll(async () => {
    client = new TraceClient(file.http, await file.service.token('worker', '*'));
    native = new NativeClient(file.http, await file.service.token('operator'));
  }, 60_000);

  const get = async (traceId: string) => (await native.get(`traces/${traceId}`)).json<Trace>();
  const idsOf = async (query: string) => (await native.page<Trace>(`traces?${query}`)).items.map(({ traceId }) => traceId);

  it('sums a trace up: state, times, failed step, components, files', async () => {
    const dataset = freshDataset();
    const traceId = await client.create(upload(dataset, { s3_path: `raw/${dataset}.csv` }));
    await client.append(traceId, step(1, { operation: 'copy', status_body: { files_incoming: ['a', 'b'], files_outgoing: ['c'] } }));
    await client.append(
      traceId,
      step(2, {
        component: 'writer',
        operation: 'write',
        trace_status: 'FINISHED',
        trace_event_status: 'FAILED',
        exception: 'kaput',
        errors: [{ message: { nb: 'Feil' } }, { message: { nb: 'Feil', en: 'Error' } }],
        status_body: { files_incoming: ['c'], files_outgoing: ['d', 7, ''] },
      }),
    );
    expect(await get(traceId)).toEqual({
      traceId,
      datasetName: dataset,
      datasetVersion: '1',
      s3Path: `raw/${dataset}.csv`,
      state: 'failed',
      contradictoryEnd: false,
      startedAt: '2026-11-22T10:00:00.123Z',
      endedAt: '2026-11-22T12:00:00.000Z',
      durationMs: 7_199_877,
      failedStep: { component: 'writer', operation: 'write', message: 'Feil' },
      components: { names: ['data-uploader', 'my-component', 'writer'], cut: false },
      files: {
        in: { names: ['a', 'b', 'c'], cut: false },
        out: { names: ['c', 'd'], cut: false },
        sources: ['a', 'b'],
        results: ['d'],
        mismatch: true,
      },
      createdBy: { id: 'signalbox-embedded|worker', name: 'worker' },
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      eventCount: 3,
      jobs: [],
      eventsLink: `/api/v1/traces/${traceId}/events`,
    });
  });

  it('does not let a late event make an ended trace run, and shows ends that contradict each other', async () => {
    const traceId = await client.create(upload(freshDataset()));
    expect((await get(traceId))['state']).toBe('running');
    await client.append(traceId, step(5, { trace_status: 'FINISHED' }));
    await client.append(traceId, step(6));
    await client.append(traceId, step(4, { trace_status: 'STARTED' }));
    expect(await get(traceId)).toMatchObject({ state: 'finished', contradictoryEnd: false });
    await client.append(traceId, step(7, { trace_status: 'FINISHED', trace_event_status: 'FAILED' }));
    expect(await get(traceId)).toMatchObject({ state: 'finished', contradictoryEnd: true });
    await client.append(traceId, step(3, { trace_status: 'FINISHED', trace_event_status: 'FAILED' }));
    expect(await get(traceId)).toMatchObject({ state: 'failed', contradictoryEnd: true });
  });

  it('shows every content of an event, the newest under the old API only', async () => {
    const traceId = await client.create(upload(freshDataset()));
    for (const duration of [1.5, 2.5]) await client.append(traceId, step(1, { duration, meta: { a: 1 }, user: 'u' }));
    const { items } = await native.page<Record<string, unknown>>(`traces/${traceId}/events`);
    expect(items.slice(1)).toMatchObject([
      {
        edition: 0,
        duration: 1.5,
        component: 'my-component',
        operation: null,
        startedAt: '2026-11-22T11:00:01.025Z',
        meta: { a: 1 },
        user: 'u',
      },
      { edition: 1, duration: 2.5, traceEventId: items[1]!['traceEventId'], exception: null, domainId: null },
    ]);
    expect((await client.events(traceId)).map((event) => event['duration'])).toEqual([undefined, 2.5]);
  });

  it('shows numbers that JavaScript does not hold as texts of their digits', async () => {
    const traceId = await client.create(upload(freshDataset()));
    const numbers =
      '"meta":{"id":9007199254740993,"text":"9007199254740993"},"duration":1e400,"status_body":{"n":[12345678901234567890123,1.5]}';
    expect((await client.post(`/status/${traceId}`, `${JSON.stringify(step(1)).slice(0, -1)},${numbers}}`)).status).toBe(200);
    const { items } = await native.page<Record<string, unknown>>(`traces/${traceId}/events`);
    expect(items[1]).toMatchObject({
      meta: { id: '9007199254740993', text: '9007199254740993' },
      duration: '1e400',
      statusBody: { n: ['12345678901234567890123', 1.5] },
    });
  });

  it('pages through the events of a trace, forwards and back', async () => {
    const traceId = await client.create(upload(freshDataset()));
    for (let second = 0; second < 7; second++)
      await client.append(traceId, step(second, { start_time: second === 6 ? 'N/A' : '2026-11-22T11:00:00Z', operation: `o${second}` }));
    const all = (await native.page<Trace>(`traces/${traceId}/events?count=exact`)) as unknown as { items: Trace[]; count: object };
    expect(all.count).toEqual({ value: 8, exact: true });
    const forwards = await native.pages<Trace>(`traces/${traceId}/events?limit=3`);
    expect(forwards.flatMap(({ items }) => items)).toEqual(all.items);
    const back = await native.pages<Trace>(`traces/${traceId}/events?limit=3`, forwards.at(-1)!.prevCursor, 'prevCursor');
    expect(back.toReversed().flatMap(({ items }) => items)).toEqual(all.items.slice(0, 8 - forwards.at(-1)!.items.length));
  });

  it('lists traces by dataset, component, state, time and text', async () => {
    const [dataset, other] = [freshDataset('list'), freshDataset('list')];
    const first = await client.create(upload(dataset, { s3_path: `p/${dataset}/a.csv` }));
    const second = await client.create(upload(dataset, { start_time: '2027-01-01T00:00:00Z' }));
    const third = await client.create(upload(other));
    await client.append(first, step(1, { component: `c-${dataset}` }));
    await client.append(second, step(1, { start_time: '2027-01-01T00:00:01Z', trace_status: 'FINISHED' }));
    expect(await idsOf(`dataset=${dataset}`)).toEqual([second, first]);
    expect(await idsOf(`dataset=${dataset}&sort=createdAt`)).toEqual([first, second]);
    expect(await idsOf(`dataset=${dataset}&dataset=${other}&dataset=!${dataset}`)).toEqual([third]);
    expect(await idsOf(`component=c-${dataset}`)).toEqual([first]);
    expect(await idsOf(`dataset=${dataset}&state=finished`)).toEqual([second]);
    expect(await idsOf(`dataset=${dataset}&state=!finished`)).toEqual([first]);
    expect(await idsOf(`dataset=${dataset}&startedAfter=2026-12-31T00:00:00Z`)).toEqual([second]);
    expect(await idsOf(`dataset=${dataset}&startedBefore=2026-12-31T00:00:00Z`)).toEqual([first]);
    expect(await idsOf(`dataset=${dataset}&createdBefore=2020-01-01T00:00:00Z`)).toEqual([]);
    expect(await idsOf(`s3Path=${encodeURIComponent(`p/${dataset}/a.csv`)}`)).toEqual([first]);
    for (const q of [dataset, first, `p/${dataset}/a`]) expect(await idsOf(`q=${encodeURIComponent(q)}`)).toContain(first);
    const page = await native.page<Trace>(`traces?dataset=${dataset}&limit=1&count=exact`);
    expect(page.count).toEqual({ value: 2, exact: true });
    expect(await idsOf(`dataset=${dataset}&limit=1&cursor=${page.nextCursor}`)).toEqual([first]);
  });

  it('names the jobs of a trace and of its dataset', async () => {
    const dataset = freshDataset('JOBS');
    const traceId = await client.create(upload(dataset));
    const ofDataset = await native.create({ datasetName: dataset });
    const ofTrace = await native.create({ traceId: traceId.slice(-36) });
    const { jobs } = (await get(traceId)) as unknown as { jobs: object[] };
    expect(jobs).toMatchObject([
      { jobId: ofTrace.jobId, sharesTrace: true, link: `/api/v1/jobs/${ofTrace.jobId}` },
      { jobId: ofDataset.jobId, sharesTrace: false, operation: 'ADD', status: 'queued' },
    ]);
  });

  it('refuses what it does not know', async () => {
    for (const part of ['', '/events']) expect(refusal(await native.get(`traces/none${part}`))).toEqual([404, 'TRACES.NOT_FOUND']);
    for (const query of ['state=done', 'limit=0', 'color=red', 'q=', 'startedAfter=yesterday', 'sort=state', 's3Path='])
      expect(refusal(await native.get(`traces?${query}`))).toEqual([400, 'REQUEST.INVALID']);
    expect(refusal(await native.get('traces?cursor=x'))).toEqual([400, 'REQUEST.CURSOR_INVALID']);
  });

  it('tells of each step as an event of topic trace', async () => {
    const dataset = freshDataset();
    const traceId = await client.create(upload(dataset));
    await client.append(traceId, step(1, { status_body: { files_incoming: ['b', 'a'] }, domain_id: `${dataset}/2`, s3_path: 'x' }));
    await client.append(traceId, step(1, { status_body: { files_incoming: ['b', 'a'] }, domain_id: `${dataset}/2`, s3_path: 'x' }));
    await client.append(traceId, step(2, { trace_status: 'FINISHED' }));
    await client.append(traceId, step(3, { trace_status: 'FINISHED', trace_event_status: 'FAILED', exception: 'kaput' }));
    const told = async () =>
      (await native.page<{ type: string; subject: string; data: object }>(`events?topic=trace&dataset=${dataset}&sort=seq`)).items;
    await eventually(async () => (await told()).length === 4);
    const events = await told();
    expect(events.map(({ type }) => type)).toEqual(['trace.started.v1', 'trace.step.v1', 'trace.finished.v1', 'trace.failed.v1']);
    expect(new Set(events.map(({ subject }) => subject))).toEqual(new Set([`traces/${traceId}`]));
    expect(events[1]!.data).toMatchObject({
      ...{ traceId, edition: 0, component: 'my-component', operation: null, traceStatus: 'CONTINUE', traceEventStatus: 'OK' },
      ...{ filesIn: ['b', 'a'], filesOut: [], s3Path: 'x', failureMessage: null, datasetName: dataset, datasetVersion: '2' },
      ...{ link: `/api/v1/traces/${traceId}`, from: null, to: 'CONTINUE', changes: {} },
    });
    expect(events[3]!.data).toMatchObject({ failureMessage: 'kaput', datasetVersion: '1' });
  });

  it('streams 10,000 events of a trace, whole and in order', async () => {
    const traceId = await client.create(upload(freshDataset()));
    const first = await client.append(traceId, step(0));
    await withConnection(testMongodbUrl(), file.service.databaseName!, async (connection) => {
      const events = connection.collection('traceEvents');
      const stored = (await events.findOne({ traceId, component: first.component }))!;
      const copies = Array.from({ length: 10_000 }, (_, index) => {
        const startTime = new Date(Date.UTC(2026, 10, 23) + index).toISOString();
        const content = JSON.stringify({ ...step(0, { start_time: startTime, duration: index }) });
        const ids = { _id: randomUUID() as never, traceEventId: randomUUID(), outbox: [] };
        return { ...stored, ...ids, startTime, place: placeInTime(startTime), content };
      });
      await events.insertMany(copies.sort((a, b) => (a._id < b._id ? -1 : 1)));
    });
    const events = await client.events(traceId);
    expect(events.slice(2).map((event) => event['duration'])).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
    expect(await get(traceId)).toMatchObject({ eventCount: 10_002 });
  });
});
