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
