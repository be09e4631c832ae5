import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EMBEDDED_ISSUER } from '../../src/auth/issuer/optional-issuer.js';
import type { EmbeddedIssuer } from '../../src/auth/issuer/embedded-issuer.js';
import type { RunEvent } from '../../src/lineage/openlineage/openlineage.js';
import { traceRunId } from '../../src/lineage/sending/trace-runs.js';
import { eventually } from '../events/eventually.js';
import { type Json, type Replicas, startReplicas } from '../workers/protocol-app.js';
import { faultsOf } from './facet-schemas.js';
import { StubReceiver } from './stub-receiver.js';

let receiver: StubReceiver;
let platform: Replicas;

beforeAll(async () => {
  receiver = await StubReceiver.start();
  platform = await startReplicas(1, { OPENLINEAGE_URL: receiver.url });
  await eventually(async () => (await platform.connection.collection('eventConsumers').countDocuments({ name: 'openlineage' })) === 1);
}, 60_000);
afterAll(async () => {
  await platform.stop();
  await receiver.stop();
});

/** A call of a pipeline component. */
async function status(path: string, body: object): Promise<Json> {
  const issuer = platform.one.app.get<EmbeddedIssuer>(EMBEDDED_ISSUER, { strict: false });
  const token = issuer.signToken({ sub: 'okdata', name: 'okdata', roles: [], datasets: ['*'], expiresInSeconds: 600 });
  const reply = await platform.one.app.inject({
    method: 'POST',
    url: `/status-api/status${path}`,
    headers: { authorization: `Bearer ${token}` },
    payload: body,
  });
  if (reply.statusCode !== 200) throw new Error(reply.body);
  return reply.json();
}

const times = (minute: number) => ({
  start_time: `2026-11-22T10:0${minute}:00.123456+00:00`,
  end_time: `2026-11-22T10:0${minute}:30+00:00`,
});
const step = { domain: 'dataset', trace_status: 'CONTINUE', trace_event_status: 'OK', component: 'pipeline' };

interface Uploaded {
  readonly dataset: string;
  readonly traceId: string;
  readonly raw: string;
  readonly clean: string;
}

/** A file is uploaded, cleaned, and the last step fails or not. */
async function pipeline(last: object): Promise<Uploaded & { ids: string[] }> {
  const dataset = `ds-${randomUUID().slice(0, 8)}`;
  const [raw, clean] = [`raw/${dataset}/a.csv`, `clean/${dataset}/a.csv`];
  const about = { domain: 'dataset', domain_id: `${dataset}/1` };
  const { trace_id: traceId } = await status('', { ...about, component: 'data-uploader', operation: 'upload', ...times(0), s3_path: raw });
  const files = { files_incoming: [raw], files_outgoing: [clean] };
  const cleaned = await status(`/${traceId}`, { ...step, ...about, ...times(1), operation: 'clean', status_body: files });
  const ended = await status(`/${traceId}`, { ...step, ...about, ...times(2), operation: 'publish', trace_status: 'FINISHED', ...last });
  return { dataset, traceId, raw, clean, ids: [cleaned.trace_event_id, ended.trace_event_id] };
}

async function walkUntil(query: string, wanted: (graph: Json) => boolean): Promise<Json> {
  let graph: Json;
  await eventually(async () => {
    const answer = await platform.one.call('GET', `/lineage?${query}`, undefined, 'reader');
    graph = answer.body;
    return answer.status === 200 && wanted(graph);
  });
  return graph;
}

const idsOf = ({ nodes }: Json): string[] =>
  nodes
    .map(({ id }: Json) => id)
    .filter((id: string) => !id.startsWith('run:'))
    .sort();

describe('steps of traces in the lineage graph', () => {
  it('lead from an uploaded file to the dataset, and back', async () => {
    const { dataset, raw, clean, traceId } = await pipeline({});
    const down = await walkUntil(`node=file:${raw}&direction=down&depth=2`, (graph) => graph.nodes.length >= 4);
    expect(idsOf(down)).toEqual([`dataset:${dataset}@1`, `file:${clean}`, `file:${raw}`]);
    const up = await walkUntil(`node=file:${clean}&direction=up`, (graph) => graph.nodes.length >= 3);
    expect(up.nodes.find(({ kind }: Json) => kind === 'run')).toMatchObject({
      name: 'pipeline.clean',
      status: 'completed',
      link: `/api/v1/traces/${traceId}`,
      startedAt: '2026-11-22T10:01:00.123Z',
    });
    const touched = await walkUntil(`node=trace:${traceId}&direction=down`, (graph) => graph.nodes.length >= 6);
    expect(idsOf(touched)).toEqual([`dataset:${dataset}@1`, `file:${clean}`, `file:${raw}`]);
  });

  it('are found with the attempts of the jobs that carry the UUID of the trace', async () => {
    const { traceId } = await pipeline({});
    const uuid = traceId.slice(-36);
    const { jobId } = await platform.createJob({ traceId: uuid });
    const claimed = await platform.one.call('POST', '/jobs/claim', { worker: { id: 'w' }, operations: ['ADD'] }, 'worker');
    await platform.one.call('POST', `/jobs/${jobId}/complete`, { leaseToken: claimed.body.leaseToken }, 'worker');
    const sourcesOf = ({ nodes }: Json): string[] => nodes.flatMap(({ source }: Json) => source ?? []).sort();
    for (const id of [traceId, uuid]) {
      const graph = await walkUntil(`node=trace:${id}&direction=up`, (found) => sourcesOf(found).length === 4);
      expect(sourcesOf(graph)).toEqual(['job', 'trace', 'trace', 'trace']);
    }
  });
});

describe('OpenLineage events of traces', () => {
  const typesOf = (runId: string) => receiver.typesOf(runId);
  const taken = (runId: string, type: string): RunEvent | undefined =>
    receiver.taken().find(({ run, eventType }) => run.runId === runId && eventType === type);

  it('tell of the trace as a run and of each step as a run under it, and fit the published schema', async () => {
    const { traceId, ids, dataset, raw, clean } = await pipeline({});
    const run = traceRunId(traceId);
    await eventually(() => typesOf(run).length === 2);
    expect(typesOf(run)).toEqual(['START', 'COMPLETE']);
    for (const id of ids) expect(typesOf(id)).toEqual(['START', 'COMPLETE']);
    const cleaned = taken(ids[0]!, 'COMPLETE')!;
    expect(cleaned).toMatchObject({
      eventTime: '2026-11-22T10:01:30.000Z',
      job: { namespace: 'signalbox', name: `pipeline.${dataset}.pipeline.clean` },
      run: { facets: { parent: { run: { runId: run } } } },
      inputs: [{ namespace: 'signalbox/files', name: raw }],
      outputs: [
        { name: dataset, facets: { version: { datasetVersion: '1' } }, outputFacets: { outputStatistics: { fileCount: 1 } } },
        { namespace: 'signalbox/files', name: clean },
      ],
    });
    expect(receiver.taken().flatMap(faultsOf)).toEqual([]);
  });

  it('tell of a failed step with its error', async () => {
    const errors = [{ message: { nb: 'Feil', en: 'The file is empty' } }];
    const { traceId, ids } = await pipeline({ trace_event_status: 'FAILED', errors });
    await eventually(() => typesOf(traceRunId(traceId)).length === 2);
    expect(typesOf(traceRunId(traceId))).toEqual(['START', 'FAIL']);
    expect(taken(ids[1]!, 'FAIL')!.run.facets).toMatchObject({ errorMessage: { message: 'The file is empty' } });
  });
});
