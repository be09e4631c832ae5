import { describe, expect, it } from '@jest/globals';
import type { RunningJob } from '../../src/maintenance/index.js';
import { running, useMaintenanceApp } from './maintenance-app.js';

const platform = useMaintenanceApp();
const { get, put } = platform;
const problemType = expect.stringMatching(/^application\/problem\+json/) as unknown;
const job: RunningJob = { jobId: 'j', datasetName: 'D', operation: 'ADD', phase: 'built', percent: null, startedAt: new Date(0) };

describe('GET /api/v1/maintenance?wait=quiet', () => {
  const wait = (timeout: number) => get(`/api/v1/maintenance?wait=quiet&timeout=${timeout}`);

  it('answers as soon as it is quiet, with the ETag', async () => {
    running.push(job);
    await put({ on: true, reason: 'Upgrade' }, '*');
    const waiting = [1, 2, 3].map(() => wait(30));
    await new Promise((resolve) => setTimeout(resolve, 300));
    running.length = 0;
    for (const answer of await Promise.all(waiting)) {
      expect([answer.statusCode, answer.headers.etag]).toEqual([200, '"1"']);
      expect(answer.json()).toMatchObject({ mode: 'quiet', quietAt: expect.any(String) });
    }
  });

  it('answers 409 with what is left when the time is over', async () => {
    running.push(job);
    await put({ on: true, reason: 'Upgrade' }, '*');
    for (const timeout of [0, 1]) {
      const answer = await wait(timeout);
      expect([answer.statusCode, answer.headers['content-type']]).toEqual([409, problemType]);
      expect(answer.json()).toMatchObject({
        code: 'MAINTENANCE.NOT_QUIET',
        remaining: { jobs: 1, uploads: 0 },
        remainingJobs: [{ jobId: 'j' }],
        estimatedQuietAt: null,
      });
    }
  });

  it('answers 409 when it is off, and when it goes off meanwhile', async () => {
    expect((await wait(30)).json()).toMatchObject({ status: 409, code: 'MAINTENANCE.OFF' });
    running.push(job);
    await put({ on: true, reason: 'Upgrade' }, '*');
    const waiting = wait(30);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await put({ on: false }, '*');
    expect((await waiting).json()).toMatchObject({ status: 409, code: 'MAINTENANCE.OFF' });
  });

  it.each(['wait=busy', 'wait=quiet&timeout=301', 'wait=quiet&timeout=-1', 'wait=quiet&timeout=x', 'timeout=3', 'quiet=true'])(
    'answers 400 to %s',
    async (query) => {
      expect((await get(`/api/v1/maintenance?${query}`)).statusCode).toBe(400);
    },
  );
});

describe('GET /api/v1/maintenance/deploy-check', () => {
  const check = async () => (await get('/api/v1/maintenance/deploy-check')).json<object>();

  it('says no while it is off, no with the jobs while it drains, and yes when it is quiet', async () => {
    expect(await check()).toMatchObject({ mayDeploy: false, blockers: [{ kind: 'maintenance' }] });
    running.push(job);
    await put({ on: true, reason: 'Upgrade' }, '*');
    expect(await check()).toEqual({
      mayDeploy: false,
      sentence: 'Do not deploy yet: 1 job is still running.',
      blockers: [{ kind: 'job', count: 1, items: [{ subject: 'jobs/j', name: 'D', detail: 'ADD: built' }] }],
    });
    running.length = 0;
    expect(await check()).toMatchObject({ mayDeploy: true, blockers: [] });
  });
});

describe('a canary', () => {
  it('is set, shown, and compared without regard to order', async () => {
    const allow = { workers: ['b', 'a'], datasets: ['D'] };
    const answer = await put({ on: true, reason: 'Upgrade', until: '2100-01-01T00:00:00Z', autoResume: true, allow }, '*');
    expect(answer.json()).toMatchObject({ autoResume: true, allow: { workers: ['a', 'b'], datasets: ['D'] } });
    const again = {
      on: true,
      reason: 'Upgrade',
      until: '2100-01-01T00:00:00Z',
      autoResume: true,
      allow: { workers: ['a', 'b', 'a'], datasets: ['D'] },
    };
    expect((await put(again, '"0"')).headers.etag).toBe('"1"');
  });

  it('may not resume by itself without a time', async () => {
    expect((await put({ on: true, reason: 'Upgrade', autoResume: true }, '*')).json()).toMatchObject({
      status: 400,
      errors: [{ pointer: '/until' }],
    });
  });
});

describe('the events of maintenance', () => {
  it('are relayed with the switch as data', async () => {
    await platform.database.collection('events').deleteMany({});
    await put({ on: true, reason: 'Upgrade', ticket: 'CHG-1' }, '*');
    await put({ on: false }, '*');
    const events = platform.database.collection('events');
    const relayed = () => events.find({ topic: 'maintenance' }, { sort: { seq: 1 } }).toArray();
    for (let waited = 0; waited < 100 && (await relayed()).length < 3; waited++) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await relayed()).toMatchObject([
      {
        type: 'maintenance.on',
        subject: 'maintenance/1',
        dataset: null,
        data: {
          ...{ number: 1, on: true, reason: 'Upgrade', ticket: 'CHG-1', until: null, autoResume: false },
          ...{ allow: { workers: [], datasets: [] }, link: '/api/v1/maintenance' },
        },
      },
      { type: 'maintenance.quiet', from: 'draining', to: 'quiet', subject: 'maintenance/1', data: { number: 1, on: true } },
      { type: 'maintenance.off', from: 'on', to: 'off', subject: 'maintenance/2', data: { number: 2, on: false } },
    ]);
  });
});
