import { describe, expect, it } from '@jest/globals';
import { HealthChecks, MetricSources, Readiness } from '../../src/observability/index.js';
import { withApp } from './sample-app.js';

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
      const disk = { name: 'disk', ok: true, detail: null, decides: true };
      expect(await json.json()).toEqual({
        status: 'failing',
        checks: [disk, { name: 'database', ok: false, detail: 'no primary', decides: true }],
      });
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
