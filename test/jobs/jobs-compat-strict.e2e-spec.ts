import { beforeAll, describe, expect, it } from '@jest/globals';
import { freshTarget } from '../support/compat-client.js';
import { useService } from '../support/use-service.js';

type Call = readonly [method: string, path: string, json?: object];

const readCalls: Call[] = [
  ['GET', '/jobs'],
  ['GET', '/jobs/some-id'],
  ['GET', '/targets'],
  ['GET', '/targets/X/jobs'],
  ['GET', '/importable-datasets'],
  ['GET', '/maintenance-status'],
  ['GET', '/maintenance-statuses'],
  ['GET', '/maintenance-statuses/latest'],
  ['GET', '/maintenance-history'],
];
const writeCalls: Call[] = [
  ['PUT', '/jobs/some-id', { status: 'initiated' }],
  ['DELETE', '/importable-datasets/NONE'],
  ['POST', '/maintenance-status', { msg: 'm', paused: false }],
  ['POST', '/maintenance-statuses', { msg: 'm', paused: false }],
];

describe('COMPAT_AUTH=strict, the default (contract 2, J-17)', () => {
  const file = useService({});
  const tokens: Record<string, string> = {};
  const send = ([method, path, json]: Call, headers: Record<string, string> = {}) => file.http.send(method, path, { json, headers });
  const as = (role: string, call: Call) => send(call, { authorization: `Bearer ${tokens[role]}` });

  beforeAll(async () => {
    for (const role of ['reader', 'worker', 'pipeline', 'operator', 'admin']) tokens[role] = await file.service.token(role);
  }, 60_000);

  it.each([...readCalls, ...writeCalls])('J-17: %s %s without a token is 401 and names the setting for old clients', async (...call) => {
    for (const headers of [{}, { authorization: 'Bearer nonsense' }, { authorization: 'Basic dXNlcjpwYXNz' }]) {
      const reply = await send(call, headers as Record<string, string>);
      expect(reply.status).toBe(401);
      expect(reply.json<{ message: string }>().message).toContain('COMPAT_AUTH=reference');
      expect(reply.headers['www-authenticate']).toBeDefined();
    }
  });

  it.each(readCalls)('%s %s is open to a reader', async (...call) => {
    expect([200, 404]).toContain((await as('reader', call)).status);
  });

  it.each([
    ['PUT', '/jobs/some-id', { status: 'initiated' }, 'worker', 404, ['reader', 'pipeline']],
    ['DELETE', '/importable-datasets/NONE', undefined, 'operator', 404, ['reader', 'worker', 'pipeline']],
    ['POST', '/maintenance-status', { msg: 'm', paused: false }, 'pipeline', 200, ['reader', 'worker']],
    ['POST', '/maintenance-statuses', { msg: 'm', paused: false }, 'pipeline', 200, ['reader', 'worker']],
  ] as const)('J-17: %s %s %j needs the role %s', async (method, path, json, role, status, others) => {
    expect((await as(role, [method, path, json])).status).toBe(status);
    expect((await as('admin', [method, path, json])).status).toBe(status);
    for (const other of others) {
      const reply = await as(other, [method, path, json]);
      expect([other, reply.status, Object.keys(reply.json<object>())]).toEqual([other, 403, ['message']]);
    }
  });

  it('decides before it reads the body', async () => {
    const reply = await file.http.send('PUT', '/jobs/some-id', { body: '{', headers: { 'content-type': 'application/json' } });
    expect(reply.status).toBe(401);
  });

  it('takes the two cookies alone on POST /jobs, without a bearer token', async () => {
    const target = freshTarget();
    const body = { jobs: [{ operation: 'ADD', target }] };
    expect((await file.http.post('/jobs', body)).status).toBe(401);
    expect((await file.http.post('/jobs', body, { authorization: `Bearer ${tokens['admin']}` })).status).toBe(401);
    const reply = await file.http.post('/jobs', body, { cookie: await file.service.cookies() });
    expect([reply.status, reply.json()]).toEqual([200, [{ status: 'queued', msg: 'CREATED', job_id: expect.any(String) }]]);
  });

  it('lets a worker with a token do its whole job', async () => {
    const cookie = await file.service.cookies();
    const [created] = (await file.http.post('/jobs', { jobs: [{ operation: 'ADD', target: freshTarget() }] }, { cookie })).json<
      { job_id: string }[]
    >();
    for (const status of ['initiated', 'built', 'completed'])
      expect((await as('worker', ['PUT', `/jobs/${created!.job_id}`, { status }])).status).toBe(200);
  });

  it.each(['/health/alive', '/health/ready'])('leaves %s open', async (path) => {
    expect((await file.http.get(path)).status).toBe(200);
  });

  it.each([
    ['GET', '/nothing', 404],
    ['PATCH', '/jobs', 405],
  ])('answers %s %s with %i before it asks for a token', async (method, path, status) => {
    expect((await file.http.send(method, path)).status).toBe(status);
  });
});
