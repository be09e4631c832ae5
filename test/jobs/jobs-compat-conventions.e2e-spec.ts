import { describe, expect, it } from '@jest/globals';
import { freshTarget } from '../support/compat-client.js';
import { exchange } from '../support/http-client.js';
import { useService } from '../support/use-service.js';

const unknownRoute =
  'The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.';
const wrongMethod = 'The method is not allowed for the requested URL.';
const noJson = "Did not attempt to load JSON data because the request Content-Type was not 'application/json'.";
const badJson = 'The browser (or proxy) sent a request that this server could not understand.';

const readRoutes = [
  '/jobs',
  '/targets',
  '/targets/NONE/jobs',
  '/importable-datasets',
  '/maintenance-status',
  '/maintenance-statuses',
  '/maintenance-statuses/latest',
  '/maintenance-history',
  '/health/alive',
  '/health/ready',
];

describe('conventions of the job service (contract 1)', () => {
  const file = useService();

  describe('error envelope', () => {
    it.each([
      ['GET', '/'],
      ['GET', '/nothing'],
      ['POST', '/nothing'],
      ['PUT', '/jobs/'],
      ['DELETE', '/importable-datasets/'],
      ['GET', '/jobs/'],
      ['GET', '/targets/'],
      ['GET', '/targets/NAME'],
      ['GET', '/importable-datasets/'],
      ['GET', '/maintenance-status/'],
      ['GET', '/v1/jobs'],
      ['DELETE', '/importable-datasets/A%2FB'],
    ])('answers 404 with the original text to the unknown route %s %s', async (method, path) => {
      const reply = await file.http.send(method, path);
      expect([reply.status, reply.json()]).toEqual([404, { message: unknownRoute }]);
      expect(reply.headers['content-type']).toMatch(/^application\/json/);
    });

    it.each(['{', '', 'text'])('answers 404 to an unknown route before it looks at the body %j', async (body) => {
      for (const headers of [{ 'content-type': 'application/json' }, { 'content-type': 'text/plain' }]) {
        expect((await file.http.send('POST', '/nothing', { body, headers })).status).toBe(404);
      }
    });

    it.each([
      ['PATCH', '/jobs'],
      ['PUT', '/jobs'],
      ['DELETE', '/jobs'],
      ['DELETE', '/jobs/some-id'],
      ['POST', '/jobs/some-id'],
      ['POST', '/targets'],
      ['POST', '/targets/NAME/jobs'],
      ['POST', '/importable-datasets'],
      ['GET', '/importable-datasets/NAME'],
      ['PUT', '/maintenance-status'],
      ['POST', '/maintenance-history'],
      ['POST', '/health/alive'],
    ])('answers 405 with the original text to the wrong method %s %s', async (method, path) => {
      const reply = await file.http.send(method, path);
      expect([reply.status, reply.json()]).toEqual([405, { message: wrongMethod }]);
      expect(reply.headers['content-type']).toMatch(/^application\/json/);
      expect(reply.headers.allow).toBeDefined();
    });

    it.each([
      ['POST', '/jobs', '{"jobs":[]}'],
      ['PUT', '/jobs/some-id', '{"status":"initiated"}'],
      ['POST', '/maintenance-status', '{"msg":"m","paused":false}'],
      ['POST', '/maintenance-statuses', '{"msg":"m","paused":false}'],
    ])('answers 415 to %s %s without a JSON content type', async (method, path, body) => {
      const others: Record<string, string>[] = [
        {},
        { 'content-type': 'text/plain' },
        { 'content-type': 'application/x-www-form-urlencoded' },
      ];
      for (const headers of others) {
        const reply = await file.http.send(method, path, { body, headers });
        expect([reply.status, reply.json()]).toEqual([415, { message: noJson }]);
      }
    });

    it('answers 415 to a request without any body', async () => {
      expect((await file.http.send('POST', '/jobs')).status).toBe(415);
    });

    it.each(['{', '', 'jobs', '{"jobs":[}', '{"jobs":[],}', "{'jobs':[]}"])('answers 400 to the broken JSON %j', async (body) => {
      const reply = await file.http.send('POST', '/jobs', { body, headers: { 'content-type': 'application/json' } });
      expect([reply.status, reply.json()]).toEqual([400, { message: badJson }]);
    });

    it.each(['[]', '[{"jobs":[]}]', '"text"', '17', 'true', 'null'])(
      'J-16: answers 400, not 500, to the JSON body %s that is no object',
      async (body) => {
        for (const [method, path] of [
          ['POST', '/jobs'],
          ['PUT', '/jobs/some-id'],
          ['POST', '/maintenance-status'],
        ] as const) {
          const reply = await file.http.send(method, path, { body, headers: { 'content-type': 'application/json' } });
          expect([method, path, reply.status, typeof reply.json<{ message: unknown }>().message]).toEqual([method, path, 400, 'string']);
        }
      },
    );

    it('accepts a charset behind the JSON content type', async () => {
      const reply = await file.http.send('POST', '/jobs', {
        json: { jobs: [] },
        headers: { 'content-type': 'application/json; charset=utf-8' },
      });
      expect([reply.status, reply.text]).toEqual([200, '[]']);
    });

    it.each([
      ['POST', '/jobs', { jobs: 'x' }, 'NewJobsRequest'],
      ['PUT', '/jobs/some-id', { status: 'x' }, 'UpdateJobRequest'],
      ['GET', '/jobs?status=x', undefined, 'GetJobRequest'],
      ['POST', '/maintenance-status', { msg: 'm' }, 'MaintenanceStatusRequest'],
    ])('names the model of a failed validation: %s %s', async (method, path, json, model) => {
      const reply = await file.http.send(method, path, { json });
      expect(reply.status).toBe(400);
      expect(reply.json<{ message: string }>().message).toMatch(new RegExp(`^1 validation error for ${model}\\n\\S+\\n  \\S`));
    });

    it('counts several validation errors', async () => {
      const reply = await file.http.put('/jobs/some-id', { status: 1, log: 2 });
      expect(reply.json<{ message: string }>().message).toMatch(/^2 validation errors for UpdateJobRequest\n/);
    });

    it.each(['{"__proto__":{"status":"failed"}}', '{"constructor":{"prototype":{"status":"failed"}}}'])(
      'refuses the prototype key in %s',
      async (body) => {
        const reply = await file.http.send('PUT', '/jobs/some-id', { body, headers: { 'content-type': 'application/json' } });
        expect(reply.status).toBe(400);
      },
    );

    it('refuses a body above 1 MiB in its own envelope', async () => {
      const reply = await file.http.put('/jobs/some-id', { log: 'x'.repeat(1_100_000) });
      expect([reply.status, typeof reply.json<{ message: unknown }>().message]).toEqual([413, 'string']);
    });

    it('refuses JSON that is nested too deeply', async () => {
      const body = `{"jobs":${'['.repeat(5_000)}${']'.repeat(5_000)}}`;
      const reply = await file.http.send('POST', '/jobs', { body, headers: { 'content-type': 'application/json' } });
      expect([reply.status, typeof reply.json<{ message: unknown }>().message]).toEqual([400, 'string']);
    });
  });

  describe('HEAD and OPTIONS', () => {
    it.each(readRoutes)('HEAD %s answers as GET does, without the body', async (path) => {
      const [head, get] = [await file.http.send('HEAD', path), await file.http.get(path)];
      expect([head.status, head.text, head.headers['content-type']]).toEqual([200, '', get.headers['content-type']]);
    });

    it.each(readRoutes)('OPTIONS %s names the methods', async (path) => {
      const reply = await file.http.send('OPTIONS', path);
      expect(reply.status).toBe(200);
      expect(reply.headers.allow?.split(/, ?/)).toEqual(expect.arrayContaining(['GET', 'HEAD', 'OPTIONS']));
    });
  });

  describe('X-Request-ID', () => {
    it.each(['/jobs', '/health/alive', '/nothing', '/jobs/unknown'])('is echoed on %s', async (path) => {
      const reply = await file.http.get(path, { 'X-Request-ID': 'request-17_a.b' });
      expect(reply.headers['x-request-id']).toBe('request-17_a.b');
    });

    it.each(['/jobs', '/health/alive', '/nothing', '/jobs/unknown'])('is made on %s where the request has none', async (path) => {
      const [first, second] = [await file.http.get(path), await file.http.get(path)];
      expect(first.headers['x-request-id']).toMatch(/^[\w.-]{1,64}$/);
      expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    });

    it.each(['a b', '<script>', '"quoted"', 'x'.repeat(65), '{"$ne":null}', 'caf\u00e9'])(
      'J-19: replaces the unfit value %j',
      async (value) => {
        const reply = await file.http.get('/jobs', { 'X-Request-ID': value });
        expect(reply.headers['x-request-id']).toMatch(/^[\w.-]{1,64}$/);
      },
    );
  });

  describe('keys and values', () => {
    it('accepts snake_case spellings in requests and answers in camelCase', async () => {
      const target = freshTarget();
      const id = await file.compat.create(target, 'SET_STATUS', { release_status: 'PENDING_RELEASE' });
      const reply = await file.http.get(`/jobs/${id}`);
      expect(reply.json()).toMatchObject({ parameters: { operation: 'SET_STATUS', target, releaseStatus: 'PENDING_RELEASE' } });
      expect(reply.text).not.toContain('release_status');
    });

    it('leaves fields without a value out of the answer', async () => {
      const reply = await file.http.get(`/jobs/${await file.compat.create(freshTarget())}`);
      expect(reply.text).not.toContain('null');
      expect(Object.keys(reply.json<{ parameters: object }>().parameters).sort()).toEqual(['operation', 'target']);
    });

    it.each([
      ['POST', '/jobs', { jobs: [], more: 1 }],
      ['POST', '/jobs', { jobs: [{ operation: 'ADD', target: 'A', more: 1 }] }],
      ['PUT', '/jobs/some-id', { status: 'initiated', more: 1 }],
      ['POST', '/maintenance-status', { msg: 'm', paused: true, pause: 1 }],
    ])('refuses unknown keys: %s %s %j', async (method, path, json) => {
      expect((await file.http.send(method, path, { json })).status).toBe(400);
    });

    it('never takes a number for a string', async () => {
      expect((await file.http.post('/jobs', { jobs: [{ operation: 'ADD', target: 17 }] })).status).toBe(400);
      expect((await file.http.put('/jobs/some-id', { log: 17 })).status).toBe(400);
      expect((await file.http.post('/maintenance-status', { msg: 17, paused: true })).status).toBe(400);
    });

    it('refuses operator objects where text is expected, and changes nothing', async () => {
      const id = await file.compat.create(freshTarget());
      const before = (await file.http.get(`/jobs/${id}`)).text;
      for (const value of [{ $ne: null }, { $gt: '' }, ['queued']]) {
        expect((await file.http.put(`/jobs/${id}`, { status: value })).status).toBe(400);
        expect((await file.http.put(`/jobs/${id}`, { description: value })).status).toBe(400);
        expect((await file.http.post('/jobs', { jobs: [{ operation: 'ADD', target: value }] })).status).toBe(400);
      }
      expect((await file.http.get('/jobs?status[$ne]=queued')).status).toBe(200); // an unknown name, ignored
      expect((await file.http.get(`/jobs/${id}`)).text).toBe(before);
    });
  });

  describe('health (contract 11)', () => {
    it.each([
      ['/health/alive', "I'm alive!"],
      ['/health/ready', "I'm ready!"],
    ])('%s answers the original text', async (path, text) => {
      const reply = await file.http.get(path);
      expect([reply.status, reply.text]).toEqual([200, text]);
      expect(reply.headers['content-type']).toMatch(/^text\//);
    });
  });

  describe('raw bytes', () => {
    it('answers a request that is no HTTP with 400 and goes on', async () => {
      expect(await exchange(file.service.url, 'NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
      expect((await file.http.get('/health/alive')).status).toBe(200);
    });

    it.each(['/jobs/%', '/jobs/%zz', '/jobs/%00', '/jobs/%C3%28', `/jobs/${'x'.repeat(2_000)}`, '/targets/%/jobs', '/jobs?status=%'])(
      'answers the odd path %s with a 4xx in its own envelope',
      async (path) => {
        const reply = await file.http.get(path);
        expect(reply.status).toBeGreaterThanOrEqual(400);
        expect(reply.status).toBeLessThan(500);
        expect(typeof reply.json<{ message: unknown }>().message).toBe('string');
      },
    );
  });
});
