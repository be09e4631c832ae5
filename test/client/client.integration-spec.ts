import { describe, expect, it } from '@jest/globals';
import {
  ConflictError,
  createClient,
  ForbiddenError,
  NoAnswerError,
  NotFoundError,
  type ProblemError,
  UnavailableError,
} from '../../src/client/index.js';
import { type FakeService, inTurn, jobBody, problem, withFakeService } from './fake-service.js';

const quick = { tries: 4, firstPauseMs: 1, longestPauseMs: 4 };
const clientOf = (fake: FakeService) => createClient({ url: fake.url, token: 'secret', retries: quick });
const body = { datasetName: 'ROAD_TRAFFIC', operation: 'ADD' } as never;

describe('createClient', () => {
  it('sends the bearer token and types what the API publishes', () =>
    withFakeService({ 'GET /api/v1/jobs/*': () => ({ body: { ...jobBody(), history: [] } }) }, async (fake) => {
      const { data } = await clientOf(fake).api.GET('/api/v1/jobs/{jobId}', { params: { path: { jobId: 'a/b' } } });
      expect(data?.status).toBe('queued');
      expect(fake.arrived[0]).toMatchObject({ path: '/api/v1/jobs/a%2Fb', headers: { authorization: 'Bearer secret' } });
    }));

  it('repeats a creation with one and the same Idempotency-Key until it goes through', () =>
    withFakeService(
      {
        'POST /api/v1/jobs': inTurn(
          problem(503, 'SERVICE.UNAVAILABLE'),
          { status: 502, body: 'bad gateway' },
          (response) => void response.destroy(),
          { status: 201, body: jobBody() },
        ),
      },
      async (fake) => {
        const { data } = await clientOf(fake).api.POST('/api/v1/jobs', { body });
        expect(data?.jobId).toBe(jobBody().jobId);
        const keys = fake.arrived.map(({ headers }) => headers['idempotency-key']);
        expect(keys).toHaveLength(4);
        expect(new Set(keys).size).toBe(1);
        expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
      },
    ));

  it('keeps the key that the caller chose, and makes another for each creation', () =>
    withFakeService({ 'POST /api/v1/jobs': () => ({ status: 201, body: jobBody() }) }, async (fake) => {
      const client = clientOf(fake);
      await client.request({ method: 'POST', path: '/api/v1/jobs', body: {}, headers: { 'idempotency-key': 'mine' } });
      await client.request({ method: 'POST', path: '/api/v1/jobs', body: {} });
      await client.request({ method: 'POST', path: '/api/v1/jobs', body: {} });
      const keys = fake.arrived.map(({ headers }) => headers['idempotency-key']);
      expect(keys[0]).toBe('mine');
      expect(new Set(keys).size).toBe(3);
    }));

  it('does not repeat what will not pass', () =>
    withFakeService(
      { 'GET /a': () => problem(409, 'JOBS.TARGET_BUSY'), 'GET /b': () => problem(503, 'REQUEST.TOO_BROAD') },
      async (fake) => {
        await expect(clientOf(fake).request({ path: '/a' })).rejects.toThrow(ConflictError);
        await expect(clientOf(fake).request({ path: '/b' })).rejects.toThrow(UnavailableError);
        expect(fake.arrived).toHaveLength(2);
      },
    ));

  it('throws the kind of each problem, with its code, request id and members', () =>
    withFakeService(
      {
        'GET /404': () => problem(404, 'JOBS.NOT_FOUND'),
        'GET /403': () => problem(403, 'AUTH.ROLE_MISSING'),
        'GET /409': () => problem(409, 'JOBS.TARGET_BUSY', { holder: { jobId: '7b0c' } }),
        'GET /500': () => ({ status: 500, body: '<html>' }),
      },
      async (fake) => {
        const thrown = (path: string) =>
          clientOf(fake)
            .request({ path })
            .catch((error: unknown) => error as ProblemError);
        expect(await thrown('/404')).toBeInstanceOf(NotFoundError);
        expect(await thrown('/403')).toBeInstanceOf(ForbiddenError);
        expect(await thrown('/409')).toMatchObject({ code: 'JOBS.TARGET_BUSY', requestId: 'r-1', problem: { holder: { jobId: '7b0c' } } });
        expect(await thrown('/500')).toMatchObject({ code: 'HTTP.500', status: 500 });
      },
    ));

  it('says that nobody answers, and why', async () => {
    const client = createClient({ url: 'http://127.0.0.1:9', retries: { tries: 1 } });
    await expect(client.request({ path: '/' })).rejects.toThrow(NoAnswerError);
    await expect(client.request({ path: '/' })).rejects.toThrow(/ECONNREFUSED|bad port/);
  });

  it('gives up a try that takes too long and makes another', () =>
    withFakeService({ 'GET /slow': inTurn(() => undefined, { body: { done: true } }) }, async (fake) => {
      const client = createClient({ url: fake.url, retries: quick, timeoutMs: 50 });
      expect(await client.request({ path: '/slow' })).toEqual({ done: true });
    }));

  it('reads a list page after page', () =>
    withFakeService(
      {
        'GET /api/v1/jobs': ({ query }) =>
          query.get('cursor') === null
            ? { body: { items: [jobBody({ jobId: '1' })], nextCursor: 'c2', prevCursor: null } }
            : { body: { items: [jobBody({ jobId: '2' })], nextCursor: null, prevCursor: 'c1' } },
      },
      async (fake) => {
        const ids: string[] = [];
        for await (const job of clientOf(fake).items('/api/v1/jobs', { status: ['queued', '!running'] as never })) ids.push(job.jobId);
        expect(ids).toEqual(['1', '2']);
        expect(fake.arrived.map(({ query }) => query.getAll('status'))).toEqual([
          ['queued', '!running'],
          ['queued', '!running'],
        ]);
      },
    ));
});
