import { describe, expect, it } from '@jest/globals';
import { type ListeningApplication, withPlatform } from '../support/application.js';
import { EventReader } from '../support/event-source.js';
import { eventually } from './eventually.js';

const path = '/api/v1/events/stream';
const open = ({ url, bearer }: ListeningApplication, query = '', headers: Record<string, string> = {}): Promise<EventReader> =>
  EventReader.open(`${url}${path}${query}`, { ...bearer('reader'), ...headers });

async function createJob(
  { http, bearer }: ListeningApplication,
  datasetName: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const reply = await http.post('/api/v1/jobs', { datasetName, operation: 'ADD' }, { ...bearer('operator'), ...headers });
  expect(reply.status).toBe(201);
  return reply.json<{ jobId: string }>().jobId;
}

const cancelJob = ({ http, bearer }: ListeningApplication, jobId: string) =>
  http.post(`/api/v1/jobs/${jobId}/cancel`, { reason: 'not needed' }, bearer('operator'));
const seqsOf = (reader: EventReader): number[] => reader.events.map(({ seq }) => seq);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const relayed = ({ connection }: ListeningApplication, count: number) =>
  eventually(async () => (await connection.collection('events').countDocuments()) >= count);

describe('GET /api/v1/events/stream', () => {
  it('tells of a change within a second, in the form of CloudEvents, with the headers of every answer', async () => {
    await withPlatform(async ({ start }) => {
      const app = await start();
      const reader = await open(app);
      expect(reader.headers).toMatchObject({
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-request-id': expect.any(String),
        traceparent: expect.any(String),
        'x-content-type-options': 'nosniff',
      });
      const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
      const createdAtMs = performance.now();
      const jobId = await createJob(app, 'ROADS', { traceparent, 'x-request-id': 'r-1' });
      await eventually(() => reader.events.length === 1);
      const frame = reader.frames.find(({ event }) => event !== null)!;
      expect(frame.atMs - createdAtMs).toBeLessThan(1_000);
      expect(frame).toMatchObject({ id: '1', event: 'job.created.v1' });
      expect(JSON.parse(frame.data!)).toEqual({
        specversion: '1.0',
        id: `${jobId}:1`,
        source: '/api/v1',
        type: 'job.created.v1',
        subject: `jobs/${jobId}`,
        time: expect.stringMatching(/Z$/),
        datacontenttype: 'application/json',
        seq: 1,
        traceparent,
        data: {
          version: 1,
          at: expect.stringMatching(/Z$/),
          type: 'job.created.v1',
          from: null,
          to: 'queued',
          changes: {},
          actor: { id: expect.stringContaining('|operator@test'), name: 'operator', role: 'operator', address: '127.0.0.1' },
          reason: null,
          requestId: 'r-1',
          status: 'queued',
          phase: null,
          datasetName: 'ROADS',
          operation: 'ADD',
          errorCode: null,
          link: `/api/v1/jobs/${jobId}`,
          traceId: null,
          run: null,
        },
      });
      expect(reader.frames[0]).toMatchObject({ id: null, event: null, data: null });
      reader.close();
      await eventually(async () => (await app.http.get('/metrics')).text.includes('signalbox_sse_clients 0'));
    });
  });

  it('replays behind Last-Event-ID and afterSeq, filtered, then goes live; the header goes first', async () => {
    await withPlatform(async ({ start }) => {
      const app = await start();
      const ids = [];
      for (const name of ['A', 'B', 'C']) ids.push(await createJob(app, name));
      await relayed(app, 3);
      const [all, some, byHeader, byType, nothing] = await Promise.all([
        open(app, '?afterSeq=0'),
        open(app, '?afterSeq=0&dataset=B&dataset=C&topic=job'),
        open(app, '?afterSeq=0', { 'last-event-id': '2' }),
        open(app, '?afterSeq=0&type=job.cancelled.v1&type=job.failed'),
        open(app, '?afterSeq=0&topic=!job'),
      ]);
      await eventually(() => all.events.length === 3);
      expect((await cancelJob(app, ids[1]!)).status).toBe(200);
      await eventually(
        () => all.events.length === 4 && some.events.length === 3 && byHeader.events.length === 2 && byType.events.length === 1,
      );
      expect(seqsOf(all)).toEqual([1, 2, 3, 4]);
      expect(seqsOf(some)).toEqual([2, 3, 4]);
      expect(seqsOf(byHeader)).toEqual([3, 4]);
      expect(seqsOf(byType)).toEqual([4]);
      expect(nothing.events).toEqual([]);
    });
  });

  it('says reset when the number is ahead or not kept, then goes live', async () => {
    await withPlatform(async ({ start }) => {
      const app = await start();
      for (const name of ['A', 'B', 'C']) await createJob(app, name);
      await relayed(app, 3);
      await app.connection.collection('events').deleteOne({ seq: 1 });
      const readers = await Promise.all([open(app, '', { 'last-event-id': '99' }), open(app, '?afterSeq=0')]);
      const kept = await open(app, '?afterSeq=1');
      await createJob(app, 'D');
      for (const reader of readers) {
        await eventually(() => reader.events.length === 1);
        expect(reader.frames.filter(({ event }) => event === 'reset')).toMatchObject([{ id: '3', data: '{"latestSeq":3}' }]);
        expect(seqsOf(reader)).toEqual([4]);
      }
      await eventually(() => kept.events.length === 3);
      expect(kept.frames.some(({ event }) => event === 'reset')).toBe(false);
    });
  });

  it.each([
    ['?afterSeq=-1', {}],
    ['?afterSeq=x', {}],
    ['?afterSeq=9007199254740993', {}],
    ['?since=yesterday', {}],
    ['?limit=3', {}],
    ['', { 'last-event-id': 'abc' }],
  ])('answers 400 to %s %j', async (query, headers) => {
    await withPlatform(async ({ start }) => {
      const app = await start();
      const reply = await app.http.get(`${path}${query}`, { ...app.bearer('reader'), ...headers });
      expect([reply.status, reply.json<{ code: string }>().code]).toEqual([400, 'REQUEST.INVALID']);
    });
  });

  it('needs a token, answers HEAD without a body, and 503 beyond SSE_MAX_CLIENTS', async () => {
    await withPlatform(async ({ start }) => {
      const app = await start({ SSE_MAX_CLIENTS: '2' });
      expect((await app.http.get(path)).status).toBe(401);
      const head = await app.http.send('HEAD', path, { headers: app.bearer('reader') });
      expect([head.status, head.headers['content-type'], head.text]).toEqual([200, 'text/event-stream', '']);
      const [first] = [await open(app), await open(app)];
      const refused = await app.http.get(path, app.bearer('reader'));
      expect([refused.status, refused.json<{ code: string }>().code]).toEqual([503, 'SERVICE.UNAVAILABLE']);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      first.close();
      await eventually(async () => (await app.http.get('/metrics')).text.includes('signalbox_sse_clients 1'));
      await open(app);
      expect((await app.http.get('/metrics')).text).toContain('signalbox_sse_dropped_total{reason="full"} 1');
    });
  });

  it('ends the stream of a token that ends', async () => {
    await withPlatform(async ({ start }) => {
      const app = await start();
      const reader = await EventReader.open(`${app.url}${path}`, app.bearer('reader', -28)); // 30 s tolerance for clocks
      expect(reader.ended).toBe(false);
      await eventually(() => reader.ended, 5_000);
      expect((await app.http.get('/metrics')).text).toContain('signalbox_sse_dropped_total{reason="expired"} 1');
    });
  });

  it('cuts a reader that is 1 MiB behind, without disturbing others, and lets it resume', async () => {
    const count = 60;
    await withPlatform(async ({ start }) => {
      const app = await start();
      const [slow, quick] = [await open(app), await open(app, '?topic=job')];
      await createJob(app, 'A');
      await eventually(() => slow.events.length === 1);
      slow.stall();
      const [template] = await app.connection
        .collection('events')
        .find({}, { projection: { _id: 0 } })
        .toArray();
      const big = upTo(count).map((n) => ({
        ...template!,
        seq: n + 1,
        version: n + 1,
        topic: 'big',
        data: { filler: 'x'.repeat(500_000) },
      }));
      for (const event of big) await app.connection.collection('events').insertOne(event);
      await eventually(async () => (await app.http.get('/metrics')).text.includes('signalbox_sse_dropped_total{reason="behind"} 1'));
      await createJob(app, 'B');
      await eventually(() => quick.events.length === 2);
      slow.resume();
      await eventually(() => slow.ended);
      const got = seqsOf(slow);
      expect(got).toEqual(upTo(got.length));
      expect(got.length).toBeLessThan(count);
      const again = await open(app, '', { 'last-event-id': slow.lastEventId! });
      await eventually(() => got.length + again.events.length === count + 2);
      expect([...got, ...seqsOf(again)]).toEqual(upTo(count + 2));
    });
  }, 60_000);

  it('says goodbye at shutdown, takes no new streams, and another replica goes on without gap or double', async () => {
    await withPlatform(async ({ start }) => {
      const [first, second] = [await start(), await start()];
      const reader = await open(first);
      await createJob(second, 'A');
      await eventually(() => reader.events.length === 1);
      await first.close();
      await eventually(() => reader.ended);
      expect(reader.frames.at(-1)).toMatchObject({ id: '1', event: 'goodbye' });
      await createJob(second, 'B');
      const again = await open(second, '', { 'last-event-id': reader.lastEventId! });
      await createJob(second, 'C');
      await eventually(() => again.events.length === 2);
      expect(seqsOf(again)).toEqual([2, 3]);
    });
  });

  it('gives every reader of two replicas every event once and in order, under load and with readers that come and go', async () => {
    const jobs = 150;
    await withPlatform(async ({ start }) => {
      const apps = [await start(), await start()];
      const steady = await Promise.all(upTo(10).map((n) => open(apps[n % 2]!, '?afterSeq=0')));
      const restless = upTo(6).map(async (n) => {
        const seen: number[] = [];
        let last = '0';
        while (seen.length < jobs) {
          const reader = await open(apps[seen.length % 2]!, '', { 'last-event-id': last });
          const enough = Math.min(jobs, seen.length + n * 5);
          await eventually(() => seen.length + reader.events.length >= enough, 60_000);
          reader.close();
          seen.push(...seqsOf(reader));
          last = reader.lastEventId ?? last;
        }
        return seen;
      });
      const writers = upTo(8).map(async (writer) => {
        for (let n = writer; n <= jobs; n += 8) await createJob(apps[n % 2]!, `D_${n}`);
      });
      await Promise.all(writers);
      await eventually(() => steady.every((reader) => reader.events.length >= jobs), 60_000);
      for (const reader of steady) expect(seqsOf(reader)).toEqual(upTo(jobs));
      for (const seen of await Promise.all(restless)) expect(seen).toEqual(upTo(jobs));
    });
  }, 120_000);
});

describe('GET /api/v1/events', () => {
  it('pages newest first, oldest first behind a number, and by every filter', async () => {
    await withPlatform(async ({ start }) => {
      const app = await start();
      const ids = [];
      for (const name of ['A', 'B', 'C']) ids.push(await createJob(app, name));
      await cancelJob(app, ids[0]!);
      await relayed(app, 4);
      const list = async (query: string) => {
        const reply = await app.http.get(`/api/v1/events?${query}`, app.bearer('reader'));
        expect(reply.status).toBe(200);
        return reply.json<{ items: { seq: number }[]; nextCursor: string | null; prevCursor: string | null; count?: object }>();
      };
      const seqs = async (query: string) => (await list(query)).items.map(({ seq }) => seq);
      expect(await seqs('')).toEqual([4, 3, 2, 1]);
      expect(await seqs('afterSeq=1')).toEqual([2, 3, 4]);
      expect(await seqs('afterSeq=1&sort=-seq')).toEqual([4, 3, 2]);
      expect(await seqs('type=job.cancelled')).toEqual([4]);
      expect(await seqs('type=job.cancelled.v1')).toEqual([4]);
      expect(await seqs('type=!job.cancelled.v1')).toEqual([3, 2, 1]);
      expect(await seqs(`subject=jobs/${ids[0]}`)).toEqual([4, 1]);
      expect(await seqs('dataset=B&dataset=C')).toEqual([3, 2]);
      expect(await seqs('topic=maintenance')).toEqual([]);
      expect(await seqs(`actor=${encodeURIComponent('signalbox-embedded|operator@test')}`)).toEqual([4, 3, 2, 1]);
      expect(await seqs('since=2100-01-01T00:00:00Z')).toEqual([]);
      expect(await seqs('since=2000-01-01T00:00:00Z&until=2100-01-01T00:00:00Z')).toEqual([4, 3, 2, 1]);
      for (const sort of ['seq', '-seq']) {
        const first = await list(`limit=3&sort=${sort}&count=exact`);
        expect(first).toMatchObject({ prevCursor: null, count: { value: 4, exact: true } });
        const second = await list(`limit=3&sort=${sort}&cursor=${first.nextCursor}`);
        const back = await list(`limit=3&sort=${sort}&cursor=${second.prevCursor}`);
        expect([...first.items, ...second.items].map(({ seq }) => seq)).toEqual(sort === 'seq' ? [1, 2, 3, 4] : [4, 3, 2, 1]);
        expect(back.items).toEqual(first.items);
      }
      const foreign = await list('limit=1');
      for (const query of [`limit=1&topic=job&cursor=${foreign.nextCursor}`, 'sort=at', 'type=', 'seq=1', 'until=now'])
        expect((await app.http.get(`/api/v1/events?${query}`, app.bearer('reader'))).status).toBe(400);
    });
  });

  it('reads each filter by its own index, in the order of numbers', async () => {
    await withPlatform(async ({ start }) => {
      const app = await start();
      const events = app.connection.collection('events');
      const filters = { topic: 'topic', type: 'type', subject: 'subject', dataset: 'dataset', 'actor.id': 'actor' };
      for (const [field, index] of Object.entries(filters)) {
        const filter = { $and: [{ [field]: { $in: ['a', 'b'] } }, { seq: { $gt: 3 } }] };
        const plan = JSON.stringify(await events.find(filter).sort({ seq: -1 }).limit(3).hint(`${index}_seq`).explain('queryPlanner'));
        expect(plan).not.toMatch(/"stage":"(COLLSCAN|SORT)"/);
      }
    });
  });
});
