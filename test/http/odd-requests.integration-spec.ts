import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ListeningApplication, withPlatform } from '../support/application.js';
import { exchange, type Reply } from '../support/http-client.js';

let application: ListeningApplication;
let closed: Promise<void>;
let close: () => void;

beforeAll(async () => {
  await new Promise<void>((started, failed) => {
    closed = withPlatform(async (platform) => {
      application = await platform.start();
      started();
      await new Promise<void>((resolve) => (close = resolve));
    });
    closed.catch(failed);
  });
});

afterAll(async () => {
  close();
  await closed;
});

const told = (reply: Reply): [number, unknown] => [reply.status, reply.json<{ code?: string }>().code];
/** Status, media type and code of an answer that was read from the socket. */
function toldRaw(answer: string): [number, string | undefined, unknown] {
  const [head = '', body = ''] = answer.split('\r\n\r\n', 2);
  const type = /^content-type: (.*?)\r?$/im.exec(head)?.[1];
  return [Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), type, (JSON.parse(body || '{}') as { code?: string }).code];
}
const problem = 'application/problem+json';

describe('assets of the pages', () => {
  it.each([
    '/docs/assets/../../package.json',
    '/docs/assets/%2e%2e/%2e%2e/package.json',
    '/docs/assets/%00',
    '/docs/assets/..%5c..%5cpackage.json',
    '/docs/assets//docs.css',
    '/docs/assets/swagger-ui/../docs.css',
    `/docs/assets/${'a'.repeat(1_000)}`,
    `/docs/assets/swagger-ui/${'a'.repeat(1_000)}`,
    '/docs/assets/',
  ])('are 404 at %s', async (path) => {
    expect(told(await application.http.get(path))).toEqual([404, 'REQUEST.ROUTE_UNKNOWN']);
  });

  it('are served', async () => {
    for (const name of ['docs.css', 'reference.js', 'swagger-ui/swagger-ui.css', 'swagger-ui/swagger-ui-bundle.js']) {
      const { status, headers } = await application.http.get(`/docs/assets/${name}`);
      expect([name, status, headers['cache-control']]).toEqual([name, 200, expect.stringMatching(/max-age/)]);
    }
  });

  it.each(['bytes=99999999-', 'bytes=abc'])('say 416 to the range %s', async (range) => {
    const answer = await application.http.get('/docs/assets/docs.css', { range });
    expect(told(answer)).toEqual([416, 'REQUEST.RANGE']);
  });

  it.each([
    ['if-match', '"x"'],
    ['if-unmodified-since', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ])('say 412 to %s: %s', async (name, value) => {
    expect(told(await application.http.get('/docs/assets/docs.css', { [name]: value }))).toEqual([412, 'REQUEST.PRECONDITION']);
  });
});

/** A cursor of the list with another key. */
function forged(cursor: string, key: readonly unknown[]): string {
  const [binding, direction] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[];
  return Buffer.from(JSON.stringify([binding, direction, ...key])).toString('base64url');
}

describe('a forged cursor', () => {
  it('of the maintenance history is refused', async () => {
    const { http, bearer } = application;
    for (const on of [true, false]) {
      const setting = { on, reason: 'test' };
      expect((await http.put('/api/v1/maintenance', setting, { ...bearer('operator'), 'if-match': '*' })).status).toBe(200);
    }
    const path = '/api/v1/maintenance/history?limit=1';
    const { nextCursor } = (await http.get(path, bearer('reader'))).json<{ nextCursor: string }>();
    for (const key of ['abc', null, { d: 7 }, 1.5]) {
      const answer = await http.get(`${path}&cursor=${forged(nextCursor, [key])}`, bearer('reader'));
      expect(told(answer)).toEqual([400, 'REQUEST.CURSOR_INVALID']);
    }
  });

  it('of the lists of events, workers and traces is refused', async () => {
    const { bindingOf, encodeCursor } = await import('../../src/common/http/cursor.js');
    const lists: [string, unknown, (string | number | Date)[]][] = [
      ['/api/v1/events?sort=seq', ['events', {}, null, 'oldest-first'], ['7']],
      ['/api/v1/workers?limit=1', ['workers', undefined], [7]],
      ['/api/v1/traces?limit=1', ['traces', {}, '-createdAt'], ['2026-01-01T00:00:00Z', 't']],
      ['/api/v1/targets?limit=1', ['targets'], [new Date(7)]],
    ];
    for (const [path, boundTo, key] of lists) {
      const cursor = encodeCursor({ direction: 'after', key }, bindingOf(boundTo));
      const answer = await application.http.get(`${path}&cursor=${cursor}`, application.bearer('reader'));
      expect([path, ...told(answer)]).toEqual([path, 400, 'REQUEST.CURSOR_INVALID']);
    }
  });
});

describe('another spelling of a native path', () => {
  it.each(['/%61pi/v1/version?x=1', '/api/v1/%76ersion?x=1', 'http://h/api/v1/version?x=1', 'HTTP://h/api/v1/version?x=1'])(
    'refuses unknown query parameters: %s',
    async (target) => {
      const answer = await exchange(application.url, `GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
      expect(toldRaw(answer)).toEqual([400, problem, 'REQUEST.INVALID']);
    },
  );

  it.each([
    ['/%61pi/v1/nothing', 404, 'REQUEST.ROUTE_UNKNOWN'],
    ['http://h/api/v1/nothing', 404, 'REQUEST.ROUTE_UNKNOWN'],
    ['/%61pi/v1/jobs', 401, 'AUTH.TOKEN_MISSING'],
    ['http://h/api/v1/jobs', 401, 'AUTH.TOKEN_MISSING'],
    ['/%61pi/v1/%zz', 400, 'REQUEST.INVALID'],
  ])('has problems as errors: %s is %i', async (target, status, code) => {
    const answer = await exchange(application.url, `GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
    expect(toldRaw(answer)).toEqual([status, problem, code]);
  });

  it('has the media type of the native API', async () => {
    expect((await application.http.get('/%61pi/v1/version')).headers['content-type']).toBe('application/json; charset=utf-8');
  });
});

describe('Content-Encoding', () => {
  const encoded = { 'content-encoding': 'gzip' };

  it('does not matter without a body', async () => {
    expect((await application.http.get('/health/alive', encoded)).status).toBe(200);
    expect((await application.http.get('/api/v1/version', encoded)).status).toBe(200);
  });

  it('is refused with a body, and told what is wrong in every envelope', async () => {
    const { http, bearer } = application;
    const native = await http.post('/api/v1/jobs', {}, { ...encoded, ...bearer('pipeline') });
    expect([...told(native), native.headers['accept-encoding']]).toEqual([415, 'REQUEST.MEDIA_TYPE', 'identity']);
    const compat = await http.post('/maintenance-status', {}, { ...encoded, ...bearer('operator') });
    expect([compat.status, compat.json()]).toEqual([415, { message: 'Bodies are read without Content-Encoding.' }]);
  });
});

describe('HTTP that is not kept', () => {
  it('is told with a problem when a native request has no Host', async () => {
    expect(toldRaw(await exchange(application.url, 'GET /api/v1/version HTTP/1.1\r\nConnection: close\r\n\r\n'))).toEqual([
      400,
      problem,
      'REQUEST.INVALID',
    ]);
  });

  it('is told with a message when another request has no Host', async () => {
    const answer = await exchange(application.url, 'GET /health/alive HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*\{"message":"HTTP\/1\.1 requests need a Host header\."\}$/s);
  });

  it('may lack a Host in HTTP/1.0', async () => {
    expect(await exchange(application.url, 'GET /health/alive HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('is told in the envelope of its path when a body is framed badly', async () => {
    const { authorization } = application.bearer('pipeline');
    const head = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: h\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    expect(toldRaw(await exchange(application.url, `${head('/api/v1/jobs')}zz\r\n`))).toEqual([400, problem, 'REQUEST.INVALID']);
    expect(await exchange(application.url, `${head('/maintenance-status')}zz\r\n`)).toMatch(/\{"message":"The body /);
  });
});

describe('a body that does not come to its end in time', () => {
  it.each([
    ['/api/v1/jobs', problem, 'REQUEST.TIMED_OUT'],
    ['/maintenance-status', 'application/json', undefined],
  ])('is told in the envelope of %s', async (path, type, code) => {
    const server = application.app.getHttpServer();
    const { headersTimeout, requestTimeout } = server;
    Object.assign(server, { headersTimeout: 50, requestTimeout: 50 }); // Node takes the greater for the whole request
    try {
      const { authorization } = application.bearer('admin');
      const head = `POST ${path} HTTP/1.1\r\nHost: h\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`;
      const answer = await exchange(application.url, head);
      expect(toldRaw(answer)).toEqual([408, type, code]);
      expect(answer).toMatch(/^connection: close\r$/im);
      expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    } finally {
      Object.assign(server, { headersTimeout, requestTimeout });
    }
  });
});

describe('an instant outside of the years that can be shown', () => {
  const body = (dueAt: string) => ({ operation: 'ADD', datasetName: 'A', dueAt });

  it.each(['9999-12-31T23:59:59-14:00', '0001-01-01T00:00:00+14:00', '0000-01-01T00:00:00Z'])(
    'is refused as dueAt: %s',
    async (instant) => {
      const answer = await application.http.post('/api/v1/jobs', body(instant), application.bearer('pipeline'));
      expect(told(answer)).toEqual([400, 'REQUEST.INVALID']);
      expect(answer.text).toContain('dueAt must be an RFC 3339 instant');
    },
  );
});
