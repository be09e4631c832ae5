import { describe, expect, it } from '@jest/globals';
import { withApp } from './sample-app.js';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${trace}-00f067aa0ba902b7-01`;

describe('request ids', () => {
  it('stand on every answer: success, unknown route, wrong method, malformed address, body errors, faults', async () => {
    await withApp({}, async ({ url }) => {
      const asked: [string, RequestInit, number][] = [
        ['/jobs', {}, 200],
        ['/jobs/7', { method: 'HEAD' }, 200],
        ['/nowhere', {}, 404],
        ['/api/v1/nowhere', {}, 404],
        ['/jobs', { method: 'DELETE' }, 405],
        ['/jobs/%zz', {}, 400],
        ['/jobs', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }, 400],
        ['/jobs', { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } }, 415],
        ['/fault', {}, 500],
      ];
      for (const [path, init, status] of asked) {
        const given = await fetch(url + path, { ...init, headers: { ...init.headers, 'x-request-id': 'r-91', traceparent } });
        expect([path, given.status, given.headers.get('x-request-id'), given.headers.get('traceparent')]).toEqual([
          path,
          status,
          'r-91',
          traceparent,
        ]);
        const made = await fetch(url + path, init);
        expect(made.headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
        expect(made.headers.get('traceparent')).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
      }
    });
  });

  it('are replaced when they are not sane', async () => {
    await withApp({}, async ({ url }) => {
      const reply = await fetch(`${url}/jobs`, { headers: { 'x-request-id': 'a b<c>', traceparent: 'nonsense' } });
      expect(reply.headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
      expect(reply.headers.get('traceparent')).toMatch(/^00-/);
    });
  });
});

describe('the request log', () => {
  it('has one line for each request, with the vocabulary and without query, headers or body', async () => {
    await withApp({}, async ({ url, lines, lineOf }) => {
      const headers = { 'x-request-id': 'r-1', traceparent, authorization: 'Bearer hunter2hunter2', cookie: 'session=hunter2' };
      await fetch(`${url}/jobs/7b0c?access_token=hunter2&q=1`, { headers });
      expect(await lineOf('r-1')).toEqual({
        level: 'info',
        time: expect.any(String),
        service: 'signalbox',
        version: expect.any(String),
        requestId: 'r-1',
        traceId: trace,
        jobId: '7b0c',
        method: 'GET',
        path: '/jobs/7b0c',
        statusCode: 200,
        outcome: 'ok',
        durationMs: expect.any(Number),
        message: 'responded',
      });
      expect(lines.filter((line) => line['requestId'] === 'r-1')).toHaveLength(1);
      expect(JSON.stringify(lines)).not.toContain('hunter2');
    });
  });

  it('is silent about polls, probes and refusals at info, and has them at debug', async () => {
    const ask = async (url: string) => {
      for (const path of ['/jobs?status=queued', '/health/live', '/health/ready', '/metrics', '/nowhere', '/jobs']) await fetch(url + path);
      await fetch(`${url}/jobs/last`, { headers: { 'x-request-id': 'last' } });
    };
    const outcomes = (lines: Record<string, unknown>[]) =>
      lines.filter((line) => line['message'] === 'responded').map((line) => line['level']);
    await withApp({}, async ({ url, lines, lineOf }) => {
      await ask(url);
      await lineOf('last');
      expect(outcomes(lines)).toEqual(['info']);
    });
    await withApp({ logLevel: 'debug' }, async ({ url, lines, lineOf }) => {
      await ask(url);
      await lineOf('last');
      expect(outcomes(lines)).toEqual(['debug', 'debug', 'debug', 'debug', 'debug', 'debug', 'info']);
    });
  });

  it('lets the id of a 500 find the error with its stack, and says nothing of it in the answer', async () => {
    await withApp({}, async ({ url, lines, lineOf }) => {
      const reply = await fetch(`${url}/fault`, { headers: { 'x-request-id': 'r-500' } });
      expect(await reply.json()).toEqual({ message: 'Internal Server Error' });
      expect(await lineOf('r-500')).toMatchObject({ level: 'info', statusCode: 500, outcome: 'failed' });
      const error = lines.find((line) => line['level'] === 'error');
      expect(error).toMatchObject({
        requestId: 'r-500',
        'error.code': 'SERVICE.UNEXPECTED',
        error: { message: 'mongodb://[redacted]@db-1/ is unreachable' },
      });
    });
  });

  it('warns of a 503 with its cause', async () => {
    await withApp({}, async ({ url, lines, lineOf }) => {
      const headers = { 'content-type': 'application/json', 'x-request-id': 'r-503' };
      await fetch(`${url}/jobs`, { method: 'POST', body: '{}', headers });
      await lineOf('r-503');
      expect(lines.find((line) => line['level'] === 'warn')).toMatchObject({
        requestId: 'r-503',
        'error.code': 'SERVICE.UNAVAILABLE',
        error: { message: 'no primary' },
      });
    });
  });

  it('tells of a client that left before the answer', async () => {
    await withApp({}, async ({ url, lineOf, scrape }) => {
      await expect(fetch(`${url}/slow`, { headers: { 'x-request-id': 'gone' }, signal: AbortSignal.timeout(50) })).rejects.toThrow();
      expect(await lineOf('gone')).toMatchObject({ outcome: 'aborted' });
      expect(await (await scrape()).text()).toMatch(/http_request_duration_seconds_count\{.*route="\/slow",status="499"\} 1/);
    });
  });

  it('keeps what Nest says at start to debug', async () => {
    await withApp({}, async ({ lines }) => {
      expect(lines.filter((line) => line['component'] !== undefined && line['level'] === 'info')).toEqual([]);
    });
  });
});
