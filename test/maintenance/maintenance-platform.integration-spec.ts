import { describe, expect, it } from '@jest/globals';
import { JobsReader } from '../../src/jobs/index.js';
import { eventually } from '../events/eventually.js';
import { type ListeningApplication, withPlatform } from '../support/application.js';
import { EventReader } from '../support/event-source.js';

const put = ({ http, bearer }: ListeningApplication, body: object) =>
  http.put('/api/v1/maintenance', body, { ...bearer('pipeline'), 'if-match': '*' });
const get = ({ http, bearer }: ListeningApplication, path: string) => http.get(`/api/v1/${path}`, bearer('reader'));

describe('maintenance of a platform', () => {
  it('waits for old workers that polled, shows it in the gauges, and lets another replica tell when it is quiet', async () => {
    await withPlatform(async ({ start }) => {
      const [first, second] = [await start({ COMPAT_AUTH: 'reference' }), await start()];
      await first.http.get('/jobs?status=queued&operation=ADD');
      await eventually(async () => (await first.connection.collection('compatPolls').countDocuments()) > 0);
      const stream = await EventReader.open(`${second.url}/api/v1/events/stream?topic=maintenance`, second.bearer('reader'));
      expect((await put(first, { on: true, reason: 'Upgrade' })).json()).toMatchObject({ mode: 'draining', remaining: { jobs: 0 } });
      expect((await get(second, 'maintenance/deploy-check')).json()).toMatchObject({ mayDeploy: false, blockers: [{ kind: 'worker' }] });
      expect((await first.http.get('/metrics')).text).toMatch(
        /signalbox_maintenance\{mode="draining"\} 1[^]*signalbox_maintenance_remaining\{kind="jobs"\} 0/,
      );
      const waiting = get(second, 'maintenance?wait=quiet&timeout=20');
      await first.connection.collection('maintenance').updateMany({}, [{ $set: { since: { $subtract: ['$$NOW', 15_000] } } }]);
      expect((await waiting).json()).toMatchObject({ mode: 'quiet' });
      await eventually(() => stream.events.length === 2);
      await put(second, { on: false });
      await eventually(() => stream.events.length === 3);
      expect(stream.events.map(({ type }) => type)).toEqual(['maintenance.on.v1', 'maintenance.quiet.v1', 'maintenance.off.v1']);
    });
  }, 30_000);

  it('resumes by itself, told by one event, and ends waits at shutdown', async () => {
    await withPlatform(async ({ start }) => {
      const [first, second] = [await start({ COMPAT_AUTH: 'reference' }), await start()];
      const until = new Date(Date.now() + 1_500).toISOString();
      expect((await put(first, { on: true, reason: 'Short', until, autoResume: true })).status).toBe(200);
      await eventually(async () => (await get(second, 'maintenance')).json<{ on: boolean }>().on === false);
      expect((await get(second, 'maintenance')).json()).toMatchObject({ number: 2, reason: 'Short', setBy: { id: 'signalbox' } });
      await first.http.get('/jobs?status=queued&operation=ADD');
      await eventually(async () => (await first.connection.collection('compatPolls').countDocuments()) > 0);
      await put(first, { on: true, reason: 'Upgrade' });
      const waiting = get(second, 'maintenance?wait=quiet&timeout=30').catch((error: Error) => error);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await second.app.close();
      expect(await waiting).toMatchObject({ status: 503 });
    });
  }, 30_000);
});

describe('JobsReader.medianRunSeconds', () => {
  it('is the median of the newest runs of the operation that completed, and null below 5 of them', async () => {
    await withPlatform(async ({ start }) => {
      const { app, connection } = await start();
      const reader = app.get(JobsReader, { strict: false });
      const run = (n: number, operation: string, { status = 'completed', seconds = n } = {}) => ({
        ...{ _id: `${operation}-${n}-${status}`, operation, status, version: 1, outbox: [] },
        ...{ startedAt: new Date(n * 100_000), finishedAt: new Date(n * 100_000 + seconds * 1_000) },
      });
      const completed = connection.collection<{ _id: string }>('completed');
      for (let n = 1; n <= 4; n++) await completed.insertOne(run(n, 'ADD'));
      await completed.insertOne(run(5, 'ADD', { status: 'failed', seconds: 900 }));
      await completed.insertOne(run(6, 'CHANGE', { seconds: 900 }));
      expect(await reader.medianRunSeconds('ADD')).toBeNull();
      await completed.insertOne(run(7, 'ADD'));
      expect(await reader.medianRunSeconds('ADD')).toBe(3);
      await completed.insertOne(run(8, 'ADD'));
      expect(await reader.medianRunSeconds('ADD')).toBe(3.5);
      await completed.insertMany(Array.from({ length: 101 }, (_, index) => run(index + 10, 'ADD', { seconds: 60 })));
      expect(await reader.medianRunSeconds('ADD')).toBe(60);
    });
  });
});
