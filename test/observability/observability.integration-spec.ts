import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Module, Param, Post } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { describe, expect, it } from '@jest/globals';
import { Public } from '../../src/auth/index.js';
import { ERROR_TRANSLATORS, ErrorFilter } from '../../src/common/http/error.filter.js';
import { createAdapter, installServerRules } from '../../src/common/http/server.js';
import { ServiceUnavailableError } from '../../src/common/errors/service.errors.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { readSettings, type Settings } from '../../src/config/settings.js';
import {
  createLogger,
  HealthChecks,
  installObservability,
  MetricSources,
  NestPinoLogger,
  ObservabilityModule,
  Readiness,
  requestIdOf,
  stampRequest,
} from '../../src/observability/index.js';

@Controller()
class SampleController {
  @Get('jobs')
  @Public()
  list(): object {
    return { jobs: [] };
  }

  @Get('jobs/:jobId')
  @Public()
  one(@Param('jobId') jobId: string): object {
    return { jobId };
  }

  @Post('jobs')
  @Public()
  create(): object {
    throw new ServiceUnavailableError('The service cannot answer now. Try again.', new Error('no primary'));
  }

  @Get('fault')
  @Public()
  fault(): never {
    throw new Error('mongodb://user:hunter2@db-1/ is unreachable');
  }

  @Get('slow')
  @Public()
  async slow(): Promise<object> {
    await sleep(300);
    return {};
  }
}

interface Running {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly lines: Record<string, unknown>[];
  /** The `responded` line of the request with this id, once it is written. */
  lineOf(requestId: string): Promise<Record<string, unknown>>;
  /** Metrics as text. */
  scrape(headers?: Record<string, string>): Promise<Response>;
}

function loggerInto(lines: Record<string, unknown>[], level: Settings['logLevel']) {
  const destination = { write: (text: string) => void lines.push(JSON.parse(text) as Record<string, unknown>) };
  return createLogger({ logLevel: level, logFormat: 'json', commitId: null }, { destination });
}

async function eventually<T>(find: () => T | undefined): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const found = find();
    if (found !== undefined) return found;
    await sleep(10);
  }
  throw new Error('did not happen');
}

/** Runs a small application on a free port, with the adapter and hooks of the service. */
async function withApp(change: Partial<Settings>, work: (running: Running) => Promise<void>): Promise<void> {
  const lines: Record<string, unknown>[] = [];
  const settings = { ...readSettings({}), dataDir: '/', ...change };
  const logger = loggerInto(lines, settings.logLevel);
  @Module({
    imports: [ConfigModule.with(settings), ObservabilityModule],
    controllers: [SampleController],
    providers: [
      { provide: ERROR_TRANSLATORS, useValue: [] },
      { provide: APP_FILTER, useClass: ErrorFilter },
    ],
  })
  class SampleModule {}
  const adapter = createAdapter({
    logger,
    trustedProxies: [],
    requestIdOf,
    onFrameworkError: (error, request, reply) => {
      stampRequest(request, reply);
      new ErrorFilter([]).answer(error, request, reply);
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(SampleModule, adapter, {
    logger: new NestPinoLogger(logger),
    abortOnError: false,
  });
  installObservability(app);
  installServerRules(app.getHttpAdapter().getInstance());
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const lineOf = (requestId: string) =>
    eventually(() => lines.find((line) => line['requestId'] === requestId && line['message'] === 'responded'));
  try {
    await work({ app, url, lines, lineOf, scrape: (headers) => fetch(`${url}/metrics`, { headers }) });
  } finally {
    app.getHttpServer().closeAllConnections();
    await app.close();
  }
}

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

describe('GET /metrics', () => {
  it('measures requests by route pattern, unknown paths as one', async () => {
    await withApp({}, async ({ url, scrape }) => {
      for (let id = 0; id < 20; id++) await fetch(`${url}/jobs/${id}`);
      for (let id = 0; id < 20; id++) await fetch(`${url}/nowhere/${id}`);
      const reply = await scrape();
      expect(reply.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
      const counts = (await reply.text()).match(/^http_request_duration_seconds_count.*$/gm);
      expect(counts).toEqual([
        'http_request_duration_seconds_count{method="GET",route="/jobs/:jobId",status="200"} 20',
        'http_request_duration_seconds_count{method="GET",route="other",status="404"} 20',
      ]);
    });
  });

  it('answers when a source does not, without what that source would have read', async () => {
    await withApp({}, async ({ app, scrape }) => {
      app.get(MetricSources).register('jobs', () => new Promise(() => undefined));
      app.get(MetricSources).register('keys', async () => ({ keySetAgeSeconds: 5 }));
      const startedAt = Date.now();
      const reply = await scrape();
      expect(reply.status).toBe(200);
      expect(Date.now() - startedAt).toBeLessThan(2_000);
      const text = await reply.text();
      expect(text).toContain('signalbox_key_set_age_seconds 5');
      expect(text).not.toMatch(/^signalbox_jobs\{/m);
    });
  });

  it('asks for METRICS_TOKEN when that is set', async () => {
    await withApp({ metricsToken: 'scrape-me' }, async ({ scrape }) => {
      for (const authorization of ['', 'Bearer scrape-m', 'Bearer scrape-me2', 'Basic scrape-me', 'scrape-me', 'Bearer']) {
        const refused = await scrape({ authorization });
        expect([authorization, refused.status]).toEqual([authorization, 401]);
        expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer/);
        expect(await refused.text()).not.toContain('signalbox_');
      }
      expect((await scrape()).status).toBe(401);
      expect((await scrape({ authorization: 'Bearer scrape-me' })).status).toBe(200);
    });
  });
});

describe('GET /health', () => {
  it('has the texts of the reference once started', async () => {
    await withApp({}, async ({ app, url }) => {
      app.get(Readiness).started();
      const texts: Record<string, string> = { live: "I'm alive!", alive: "I'm alive!", ready: "I'm ready!", startup: "I'm started!" };
      for (const [name, text] of Object.entries(texts)) {
        const reply = await fetch(`${url}/health/${name}`);
        expect([name, reply.status, await reply.text(), reply.headers.get('content-type')]).toEqual([
          name,
          200,
          text,
          'text/html; charset=utf-8',
        ]);
        expect(reply.headers.get('cache-control')).toBe('no-store');
      }
    });
  });

  it('is alive, but neither started nor ready, before the start is over', async () => {
    await withApp({}, async ({ url }) => {
      const statuses = await Promise.all(['live', 'startup', 'ready'].map(async (name) => (await fetch(`${url}/health/${name}`)).status));
      expect(statuses).toEqual([200, 503, 503]);
    });
  });

  it('names the checks for Accept: application/json, and the failing ones in the text', async () => {
    await withApp({}, async ({ app, url }) => {
      app.get(Readiness).started();
      app.get(HealthChecks).register('database', async () => ({ ok: false, detail: 'no primary' }));
      const json = await fetch(`${url}/health/ready`, { headers: { accept: 'application/json' } });
      expect([json.status, json.headers.get('retry-after')]).toEqual([503, '2']);
      expect(json.headers.get('content-type')).toMatch(/^application\/json/);
      const disk = { name: 'disk', ok: true, detail: null };
      expect(await json.json()).toEqual({ status: 'failing', checks: [disk, { name: 'database', ok: false, detail: 'no primary' }] });
      expect(await (await fetch(`${url}/health/ready`)).text()).toBe("I'm not ready: database");
    });
  });

  it('is not ready from the first moment of a stop, but alive and started', async () => {
    await withApp({}, async ({ app, url }) => {
      app.get(Readiness).started();
      expect((await fetch(`${url}/health/ready`)).status).toBe(200);
      app.get(Readiness).stopping();
      const ready = await fetch(`${url}/health/ready`);
      expect([ready.status, await ready.text()]).toEqual([503, "I'm not ready: stopping"]);
      expect((await fetch(`${url}/health/live`)).status).toBe(200);
      expect((await fetch(`${url}/health/startup`)).status).toBe(200);
    });
  });
});
