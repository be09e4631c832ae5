import { describe, expect, it } from '@jest/globals';
import { withPlatform } from '../support/application.js';

describe('topics and types of events', () => {
  it('refuses topics, and types of topics, of which nothing is ever told, as the stream does', async () => {
    await withPlatform(async ({ start }) => {
      const app = await start();
      const known = 'importable, job, maintenance, openlineage, trace, worker';
      for (const path of ['/api/v1/events', '/api/v1/events/stream']) {
        const ask = (query: string) => app.http.get(`${path}?${query}`, app.bearer('reader'));
        for (const query of [
          'topic=bogus',
          'topic=job&topic=!bogus',
          'type=bogus.created',
          'type=job.failed&type=!bogus.v1',
          'type=jobs',
        ]) {
          const reply = await ask(query);
          const name = query.split('=', 1)[0]!;
          expect([query, reply.status, reply.json<{ code: string }>().code]).toEqual([query, 400, 'REQUEST.INVALID']);
          const [error] = reply.json<{ errors: { pointer: string; message: string }[] }>().errors;
          expect(error).toMatchObject({ pointer: `?${name}`, message: expect.stringContaining(known) });
        }
      }
      const topics = known.split(', ');
      const queries = topics.flatMap((topic) => [`topic=${topic}`, `type=${topic}.created`, `type=!${topic}.created.v1`]);
      for (const query of queries) expect((await app.http.get(`/api/v1/events?${query}`, app.bearer('reader'))).status).toBe(200);
    });
  });
});
