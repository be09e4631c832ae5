import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Role } from '../../src/common/caller.js';
import { eventually } from '../events/eventually.js';
import { type Answer, type Json, type Replicas, startReplicas } from '../workers/protocol-app.js';

let platform: Replicas;

beforeAll(async () => {
  platform = await startReplicas(1);
}, 60_000);
afterAll(async () => platform.stop());

const facet = { _producer: 'https://example.org/tool', _schemaURL: 'https://example.org/facet.json' };

/** A run event as the public clients send it. */
const runEvent = (runId: string, eventType: string, more: object = {}): Record<string, unknown> => ({
  eventType,
  eventTime: '2026-11-22T10:00:00.000Z',
  run: { runId, facets: { custom: { ...facet, anything: { $deep: ['a.b'] } } } },
  job: { namespace: 'airflow', name: 'daily.load' },
  inputs: [{ namespace: 's3://raw', name: `in/${runId}.csv` }],
  outputs: [{ namespace: 'warehouse', name: 'public.trips', facets: { version: { ...facet, datasetVersion: runId } } }],
  producer: 'https://example.org/tool/1.0',
  schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
  ...more,
});

const post = (body: unknown, role: Role = 'pipeline'): Promise<Answer> => platform.one.call('POST', '/lineage', body, role);
const postAll = (body: unknown): Promise<Answer> => platform.one.call('POST', '/lineage/batch', body, 'worker');
const walk = (query: Record<string, string>): Promise<Answer> =>
  platform.one.call('GET', `/lineage?${new URLSearchParams(query).toString()}`, undefined, 'reader');

/** The answer of a walk as soon as it is as wanted. */
async function walkUntil(query: Record<string, string>, wanted: (body: Json) => boolean): Promise<Json> {
  let answer: Json;
  await eventually(async () => {
    const { status, body } = await walk(query);
    answer = body;
    return status === 200 && wanted(body);
  });
  return answer;
}

const runOf = (graph: Json, runId: string): Json => graph.nodes.find(({ id }: Json) => id === `run:${runId}`);

describe('POST /api/v1/lineage', () => {
  it('keeps an event whole, and what it says of the graph', async () => {
    const runId = randomUUID();
    const event = runEvent(runId, 'COMPLETE');
    const { status, body } = await post(event);
    expect(status).toBe(201);
    const stored = await platform.connection.collection<{ _id: string; raw: string }>('openlineageEvents').findOne({ _id: body.eventId });
    expect(JSON.parse(stored!.raw)).toEqual(event);
    const graph = await walkUntil({ node: `dataset:s3://raw#in/${runId}.csv`, direction: 'down' }, ({ nodes }) => nodes.length === 3);
    expect(graph.nodes.map(({ id }: Json) => id)).toEqual([
      `dataset:s3://raw#in/${runId}.csv`,
      `dataset:warehouse#public.trips@${runId}`,
      `run:${runId}`,
    ]);
    expect(runOf(graph, runId)).toMatchObject({ name: 'airflow/daily.load', status: 'completed', source: 'openlineage' });
  });

  it('keeps the same event once, whatever the order of its keys', async () => {
    const event = runEvent(randomUUID(), 'START');
    const first = await post(event);
    const again = await post(Object.fromEntries(Object.entries(event).reverse()));
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual({ eventId: first.body.eventId, known: true });
  });

  it('keeps events that differ in a digit only, with every digit that was sent', async () => {
    const runId = randomUUID();
    const textOf = (digit: number): string =>
      JSON.stringify(runEvent(runId, 'START', { run: { runId, facets: { big: { ...facet, rows: 'ROWS' } } } })).replace(
        '"ROWS"',
        `1234567890123456789${digit}`,
      );
    const send = (url: string, payload: string) =>
      platform.one.app.inject({
        method: 'POST',
        url: `/api/v1${url}`,
        headers: { authorization: platform.one.bearer('worker'), 'content-type': 'application/json' },
        payload,
      });
    const first = await send('/lineage', textOf(1));
    expect([first.statusCode, (await send('/lineage', textOf(2))).statusCode]).toEqual([201, 201]);
    const { results } = (await send('/lineage/batch', `[${textOf(1)}, ${textOf(3)}]`)).json<Json>();
    expect(results).toMatchObject([{ eventId: first.json<Json>().eventId, known: true }, { known: false }]);
    const events = platform.connection.collection<{ _id: string; raw: string }>('openlineageEvents');
    expect((await events.findOne({ _id: results[1].eventId }))!.raw).toBe(textOf(3));
  });

  it('keeps one of many that arrive at the same moment', async () => {
    const event = runEvent(randomUUID(), 'START');
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(event)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 19 }, () => 200), 201]);
    expect(new Set(answers.map(({ body }) => body.eventId)).size).toBe(1);
  });

  it('takes events of a run in any order: a late START does not make it run again', async () => {
    const runId = randomUUID();
    const at = (minute: number) => ({ eventTime: `2026-11-22T10:0${minute}:00Z` });
    await post(runEvent(runId, 'FAIL', at(3)));
    await post(runEvent(runId, 'COMPLETE', at(4)));
    await post(runEvent(runId, 'START', { ...at(1), outputs: [{ namespace: 'warehouse', name: `late-${runId}` }] }));
    const query = { node: `run:${runId}`, direction: 'down' };
    const graph = await walkUntil(query, ({ nodes }) => nodes.some(({ name }: Json) => name === `late-${runId}`));
    expect(runOf(graph, runId)).toMatchObject({
      status: 'failed',
      conflictingEnds: true,
      startedAt: '2026-11-22T10:01:00.000Z',
      endedAt: '2026-11-22T10:03:00.000Z',
    });
  });

  it('finds the runs under a run', async () => {
    const [parent, child] = [randomUUID(), randomUUID()];
    const parentFacet = { ...facet, run: { runId: parent }, job: { namespace: 'airflow', name: 'daily' } };
    await post(runEvent(child, 'COMPLETE', { run: { runId: child, facets: { parent: parentFacet } } }));
    const graph = await walkUntil({ node: `run:${parent}`, direction: 'up' }, ({ nodes }) => nodes.length === 2);
    expect(runOf(graph, child)).toBeDefined();
  });

  it('takes job and dataset events', async () => {
    const { run: _run, eventType: _type, inputs, ...rest } = runEvent(randomUUID(), 'START');
    const { job: _job, outputs: _outputs, ...base } = rest;
    expect((await post({ ...rest, inputs })).status).toBe(201);
    expect((await post({ ...base, dataset: { namespace: 'n', name: randomUUID() } })).status).toBe(201);
  });

  it.each([
    ['no object', [], ''],
    ['neither run nor job nor dataset', { ...runEvent('x', 'START'), run: undefined, job: undefined }, '/run'],
    ['a run without job', { ...runEvent(randomUUID(), 'START'), job: undefined }, '/job'],
    ['a run id that is no UUID', runEvent('x', 'START'), '/run/runId'],
    ['an unknown type', runEvent(randomUUID(), 'STOPPED'), '/eventType'],
    ['a time without zone', runEvent(randomUUID(), 'START', { eventTime: '2026-11-22T10:00:00' }), '/eventTime'],
    [
      'a facet without producer',
      runEvent(randomUUID(), 'START', { job: { namespace: 'a', name: 'b', facets: { x: {} } } }),
      '/job/facets/x/_producer',
    ],
    ['no schemaURL', runEvent(randomUUID(), 'START', { schemaURL: undefined }), '/schemaURL'],
  ])('refuses %s, naming the place', async (_what, body, pointer) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'LINEAGE.EVENT_INVALID', errors: [{ pointer }] });
  });

  it('is for workers, pipelines and operators', async () => {
    const event = runEvent(randomUUID(), 'START');
    expect((await post(event, 'reader')).status).toBe(403);
    for (const role of ['worker', 'operator'] as const) expect((await post(event, role)).status).toBeLessThan(300);
  });
});

describe('POST /api/v1/lineage/batch', () => {
  it('has a result for each event', async () => {
    const known = runEvent(randomUUID(), 'START');
    const { body: kept } = await post(known);
    const { status, body } = await postAll([known, runEvent(randomUUID(), 'NEVER'), runEvent(randomUUID(), 'COMPLETE')]);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      succeeded: 2,
      failed: 1,
      results: [
        { index: 0, eventId: kept.eventId, known: true, problem: null },
        { index: 1, eventId: null, problem: { code: 'LINEAGE.EVENT_INVALID', status: 400, errors: [{ pointer: '/eventType' }] } },
        { index: 2, eventId: expect.any(String), known: false, problem: null },
      ],
    });
  });

  it('keeps the first of the same events, and knows the others', async () => {
    const event = runEvent(randomUUID(), 'START');
    const other = runEvent(randomUUID(), 'START');
    const { body } = await postAll([event, other, ...Array.from({ length: 30 }, () => event)]);
    const [first, second, ...again] = body.results;
    expect([first.known, second.known]).toEqual([false, false]);
    expect(again.map(({ eventId, known }: Json) => ({ eventId, known }))).toEqual(Array(30).fill({ eventId: first.eventId, known: true }));
  });

  it('refuses what is no array, and more than 1,000 events', async () => {
    expect((await postAll({})).status).toBe(400);
    expect((await postAll(Array.from({ length: 1_001 }, () => ({})))).body).toMatchObject({ code: 'REQUEST.TOO_LARGE' });
  });
});

describe('GET /api/v1/lineage', () => {
  it('draws the graph for Graphviz and Mermaid, by format or Accept', async () => {
    const runId = randomUUID();
    await post(runEvent(runId, 'COMPLETE', { inputs: [{ namespace: 'n', name: '"]; click "x' }] }));
    const node = `run:${runId}`;
    await walkUntil({ node, direction: 'up' }, ({ nodes }) => nodes.length === 2);
    const dot = await walk({ node, direction: 'up', format: 'dot' });
    expect(dot.headers['content-type']).toBe('text/vnd.graphviz; charset=utf-8');
    expect(dot.body).toContain('label="dataset: n \\"]; click \\"x"');
    const mermaid = await walk({ node, direction: 'up', format: 'mermaid' });
    expect(mermaid.headers['content-type']).toBe('text/vnd.mermaid; charset=utf-8');
    expect(mermaid.body).toContain('#34;#93;#59; click #34;x');
    const accepted = await platform.one.app.inject({
      method: 'GET',
      url: `/api/v1/lineage?node=${node}&direction=up`,
      headers: { authorization: platform.one.bearer('reader'), accept: 'text/vnd.graphviz' },
    });
    expect(accepted.body).toMatch(/^digraph/);
  });

  it.each([
    [{ node: 'table:x', direction: 'up' }, '?node'],
    [{ node: 'file:x', direction: 'sideways' }, '?direction'],
    [{ node: 'file:x', direction: 'up', depth: '11' }, '?depth'],
    [{ node: 'file:x', direction: 'up', format: 'svg' }, '?format'],
    [{ direction: 'up' }, '?node'],
  ] as [Record<string, string>, string][])('refuses %j', async (query, pointer) => {
    const { status, body } = await walk(query);
    expect({ status, pointer: body.errors[0].pointer }).toEqual({ status: 400, pointer });
  });

  it('knows nothing of a node that no step touched', async () => {
    expect(await walk({ node: 'dataset:NEVER_SEEN', direction: 'down' })).toMatchObject({
      status: 404,
      body: { code: 'TRACES.NODE_NOT_FOUND' },
    });
  });

  it('tells of jobs: what an attempt read, and once it completed what it wrote', async () => {
    const { datasetName, jobId } = await platform.createJob();
    const claimed = await platform.one.call('POST', '/jobs/claim', { worker: { id: 'w' }, operations: ['ADD'] }, 'worker');
    await platform.one.call('POST', `/jobs/${jobId}/complete`, { leaseToken: claimed.body.leaseToken }, 'worker');
    const graph = await walkUntil({ node: `dataset:${datasetName}`, direction: 'up' }, ({ nodes }) => nodes.length === 3);
    expect(graph.nodes).toMatchObject([
      { id: `dataset:${datasetName}`, status: 'completed' },
      { id: `file:input/${datasetName}.tar`, status: null },
      { kind: 'run', name: `ADD ${datasetName}`, source: 'job', link: `/api/v1/jobs/${jobId}` },
    ]);
    expect((await walk({ node: `job:${jobId}`, direction: 'down' })).body.nodes[0].id).toBe(`dataset:${datasetName}`);
  });
});
