import { beforeAll, describe, expect, it } from '@jest/globals';
import { freshTarget } from '../support/compat-client.js';
import { openCompat } from '../support/service.js';
import { useService } from '../support/use-service.js';
import { NativeClient, type NativeJob, refusal } from './native-client.js';

const roles = ['reader', 'worker', 'pipeline', 'operator', 'admin'] as const;
const readers: readonly string[] = roles;
const makers = ['pipeline', 'operator', 'admin'];
const operators = ['operator', 'admin'];
const workers = ['worker', 'admin'];
const recorders = ['worker', 'pipeline', 'operator', 'admin'];
const id = '00000000-0000-4000-8000-000000000000';

/** Every native route of this part, and who may use it. @see SECURITY.md 1 */
const routes: readonly (readonly [string, string, readonly string[]])[] = [
  ['GET', 'jobs', readers],
  ['POST', 'jobs', makers],
  ['GET', `jobs/${id}`, readers],
  ['GET', `jobs/${id}/log`, readers],
  ['GET', `jobs/${id}/events`, readers],
  ['PATCH', `jobs/${id}`, operators],
  ['POST', `jobs/${id}/cancel`, operators],
  ['GET', `jobs/${id}/explain`, readers],
  ['POST', `jobs/${id}/retry`, operators],
  ['POST', 'jobs/bulk', makers],
  ['POST', 'jobs/claim', workers],
  ['POST', `jobs/${id}/heartbeat`, workers],
  ['POST', `jobs/${id}/complete`, workers],
  ['POST', `jobs/${id}/snooze`, workers],
  ['POST', `jobs/${id}/fail`, [...workers, 'operator']],
  ['POST', `jobs/${id}/release`, [...workers, 'operator']],
  ['GET', 'workers', readers],
  ['GET', 'workers/NO_WORKER', readers],
  ['DELETE', 'workers/NO_WORKER', operators],
  ['PUT', 'workers/NO_WORKER/drain', operators],
  ['DELETE', 'workers/NO_WORKER/drain', operators],
  ['GET', 'events', readers],
  ['GET', 'events/stream?nobody=knows', readers],
  ['GET', 'lineage?node=file:x&direction=up', readers],
  ['POST', 'lineage', recorders],
  ['POST', 'lineage/batch', recorders],
  ['GET', 'targets', readers],
  ['GET', 'targets/NOT_THERE', readers],
  ['GET', 'datasets', readers],
  ['GET', 'datasets/NOT_THERE', readers],
  ['GET', 'datasets/NOT_THERE/jobs', readers],
  ['GET', 'importables', readers],
  ['GET', 'importables/NOT_THERE', readers],
  ['DELETE', 'importables/NOT_THERE?reason=test', operators],
  ['GET', 'traces', readers],
  ['GET', 'traces/NO_TRACE', readers],
  ['GET', 'traces/NO_TRACE/events', readers],
  ['GET', 'maintenance', readers],
  ['PUT', 'maintenance', makers],
  ['GET', 'maintenance/history', readers],
  ['GET', 'maintenance/deploy-check', readers],
];

describe('the native API', () => {
  const file = useService({ env: openCompat });
  const clients = new Map<string, NativeClient>();
  beforeAll(async () => {
    for (const role of roles) clients.set(role, new NativeClient(file.http, await file.service.token(role)));
  }, 90_000);
  const bodyFor = (method: string) => (['POST', 'PUT', 'PATCH'].includes(method) ? { nobody: 'knows' } : undefined);

  it.each(routes)('asks for a token at %s %s', async (method, path) => {
    const reply = await file.http.send(method, `/api/v1/${path}`, { body: '{{', headers: { 'content-type': 'application/json' } });
    expect(refusal(reply)).toEqual([401, 'AUTH.TOKEN_MISSING']);
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  it.each(routes)('lets only the roles of the table through at %s %s', async (method, path, allowed) => {
    const body = bodyFor(method);
    const passed: string[] = [];
    for (const [role, client] of clients) {
      const reply = await client.send(method, path, { json: body });
      if (reply.status === 403) expect(refusal(reply)).toEqual([403, 'AUTH.ROLE_MISSING']);
      else passed.push(role);
      // What passes is judged by its content: nothing here exists, and no route knows the body.
      if (reply.status !== 403) expect([200, 400, 404]).toContain(reply.status);
    }
    expect(passed).toEqual(roles.filter((role) => allowed.includes(role)));
  });

  it.each(routes)('refuses an unknown query parameter at %s %s', async (method, path) => {
    const { href } = new URL(`/api/v1/${path}`, 'http://service');
    const asked = href.slice('http://service/api/v1/'.length).replace('nobody=knows', '');
    const reply = await clients.get('admin')!.send(method, `${asked}${asked.includes('?') ? '&' : '?'}limitt=1`, { json: bodyFor(method) });
    expect(refusal(reply)).toEqual([400, 'REQUEST.INVALID']);
    expect(reply.text).toMatch(/limitt is not known here|nobody is not known here/);
  });

  it('names every native route of the OpenAPI document in the table', async () => {
    const { paths } = (await file.http.get('/api/openapi.json')).json<{ paths: Record<string, object> }>();
    const described = Object.entries(paths)
      .filter(([path]) => path.startsWith('/api/v1/') && path !== '/api/v1/version')
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.slice(8)}`));
    const listed = routes.map(
      ([method, path]) =>
        `${method} ${path.replace(/\?.*/, '').replace(id, '{jobId}').replace('NOT_THERE', '{name}').replace('NO_WORKER', '{workerId}').replace('NO_TRACE', '{traceId}')}`,
    );
    expect(listed.sort()).toEqual(described.sort());
  });

  it('shows the target of a job and the dataset that it belongs to', async () => {
    const client = clients.get('operator')!;
    const datasetName = freshTarget();
    const { jobId } = await client.create({ datasetName, operation: 'SET_STATUS', parameters: { releaseStatus: 'DRAFT' } });
    const row = { name: datasetName, status: 'queued', action: ['SET_STATUS', 'DRAFT'], lastJobId: jobId };
    expect((await client.get(`targets/${datasetName}`)).json()).toMatchObject(row);
    await file.compat.walk(jobId, 'initiated', 'completed');
    expect((await client.get(`targets/${datasetName}`)).json()).toMatchObject({ ...row, status: 'completed' });
    expect((await client.get(`datasets/${datasetName}`)).status).toBe(200);
    expect((await client.page(`datasets/${datasetName}/jobs`)).items.map((job: NativeJob) => job.jobId)).toEqual([jobId]);
    expect(refusal(await client.get('targets/NOT_THERE'))).toEqual([404, 'TARGETS.NOT_FOUND']);
    expect(refusal(await client.get('datasets/NOT_THERE'))).toEqual([404, 'DATASETS.NOT_FOUND']);
  });

  it('pages through targets by name, forwards and back', async () => {
    const client = clients.get('operator')!;
    for (const letter of 'BDACEÅ') await client.create({ datasetName: `PAGE_${letter}` });
    const forwards = await client.pages<{ name: string }>('targets?limit=2');
    const names = forwards.flatMap((page) => page.items.map((row) => row.name));
    expect(names).toEqual([...new Set(names)].sort());
    expect(names.filter((name) => name.startsWith('PAGE_'))).toHaveLength(6);
    const back = await client.pages<{ name: string }>('targets?limit=2', forwards.at(-1)!.prevCursor, 'prevCursor');
    expect(back.toReversed().flatMap((page) => page.items.map((row) => row.name))).toEqual(
      names.slice(0, names.length - forwards.at(-1)!.items.length),
    );
  });
});
