import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { getConnectionToken } from '@nestjs/mongoose';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { fastify, type FastifyInstance, type InjectOptions, type LightMyRequestResponse } from 'fastify';
import type { Connection } from 'mongoose';
import { AuthModule } from '../../src/auth/index.js';
import { ErrorFilter } from '../../src/common/http/error.filter.js';
import { createAdapter, installServerRules } from '../../src/common/http/server.js';
import { createValidationPipe } from '../../src/common/http/validation.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { readSettings } from '../../src/config/settings.js';
import { DatabaseModule } from '../../src/database/database.module.js';
import { DatabaseStarter } from '../../src/database/database-starter.js';
import { MaintenanceModule, type RunningJob, RunningJobs } from '../../src/maintenance/index.js';
import { freshDatabaseName, testMongodbUrl } from '../support/database.js';

const running: RunningJob[] = [];

class ListedJobs extends RunningJobs {
  countRunning = (): Promise<number> => Promise.resolve(running.length);
  medianRunSeconds = (): Promise<number | null> => Promise.resolve(null);
  listRunning = (limit: number): Promise<RunningJob[]> => Promise.resolve(running.slice(0, limit));
}

@Module({ providers: [ListedJobs], exports: [ListedJobs] })
class ListedJobsModule {}

@Module({})
class OpenModule {}

/** The maintenance routes alone, with everything that every route has, but for access: the tests of the started service see to that. */
async function createApp(): Promise<NestFastifyApplication> {
  const settings = readSettings({ MONGODB_URL: testMongodbUrl(), MONGODB_DATABASE: freshDatabaseName() });
  const module = Test.createTestingModule({
    imports: [
      ConfigModule.with(settings),
      DatabaseModule.at(testMongodbUrl()),
      MaintenanceModule.with({ imports: [ListedJobsModule], reader: ListedJobs }),
    ],
  })
    .overrideModule(AuthModule)
    .useModule(OpenModule);
  const adapter = createAdapter({
    logger: fastify().log,
    trustedProxies: [],
    requestIdOf: (headers) => String(headers['x-request-id'] ?? 'made'),
    onFrameworkError: () => undefined,
  });
  const app: NestFastifyApplication = (await module.compile()).createNestApplication(adapter, { logger: false });
  app.useGlobalPipes(createValidationPipe());
  app.useGlobalFilters(new ErrorFilter([]));
  installServerRules(adapter.getInstance<FastifyInstance>());
  await app.init();
  await adapter.getInstance().ready();
  await app.get(DatabaseStarter).ready;
  return app;
}

let app: NestFastifyApplication;
let database: Connection;

beforeAll(async () => {
  app = await createApp();
  database = app.get<Connection>(getConnectionToken());
});
afterAll(async () => {
  await database.dropDatabase();
  await app.close();
});
beforeEach(async () => {
  running.length = 0;
  await database.collection('maintenance').deleteMany({});
});

const call = (method: 'GET' | 'HEAD' | 'POST' | 'PUT', url: string, options: InjectOptions = {}): Promise<LightMyRequestResponse> =>
  app.inject({ method, url, ...options });
const get = (url: string): Promise<LightMyRequestResponse> => call('GET', url);
const post = (url: string, payload: object): Promise<LightMyRequestResponse> => call('POST', url, { payload });
const put = (payload: unknown, ifMatch?: string): Promise<LightMyRequestResponse> =>
  call('PUT', '/api/v1/maintenance', {
    payload: JSON.stringify(payload),
    headers: { 'content-type': 'application/json', ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }) },
  });
const records = (): Promise<unknown[]> => database.collection('maintenance').find().sort({ number: 1 }).toArray();
const problemType = expect.stringMatching(/^application\/problem\+json/) as unknown;
const newestPaths = ['/maintenance-status', '/maintenance-statuses/latest'];
const historyPaths = ['/maintenance-history', '/maintenance-statuses'];
const postPaths = ['/maintenance-status', '/maintenance-statuses'];

describe('the compat routes of maintenance', () => {
  it.each([8, 50])('make one initial record under %i parallel first reads', async (readers) => {
    const paths = [...newestPaths, ...historyPaths];
    const answers = await Promise.all(Array.from({ length: readers }, (_, index) => get(paths[index % 4]!)));
    expect(await records()).toHaveLength(1);
    const texts = new Set(answers.map((answer) => answer.body.replace(/^\[|\]$/g, '')));
    expect([...texts]).toEqual([
      expect.stringMatching(
        /^\{"msg":"Initial status inserted by job service at startup\.","paused":false,"timestamp":"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}000"\}$/,
      ),
    ]);
  });

  it.each(postPaths)('answer POST %s with exactly the record, 200, and plain JSON type', async (path) => {
    const answer = await post(path, { msg: 'Upgrade $now', paused: 'yes' });
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/json']);
    expect(answer.body).toMatch(/^\{"msg":"Upgrade \$now","paused":true,"timestamp":"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}000"\}$/);
    for (const newest of newestPaths) expect((await get(newest)).body).toBe(answer.body);
  });

  it.each(historyPaths)('list all records at %s, newest first', async (path) => {
    const answers = [];
    for (const paused of [true, false, true]) answers.unshift((await post('/maintenance-status', { msg: `${paused}`, paused })).body);
    expect((await get(path)).body).toBe(`[${answers.join(',')}]`);
  });

  it('keep every one of 40 parallel posts once, with consecutive numbers', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => post(postPaths[n % 2]!, { msg: `${n}`, paused: n % 3 === 0 })));
    expect(new Set(answers.map((answer) => answer.statusCode))).toEqual(new Set([200]));
    expect(await records()).toMatchObject(Array.from({ length: 40 }, (_, index) => ({ number: index + 1 })));
    const listed = (await get('/maintenance-history')).json<object[]>().map((item) => JSON.stringify(item));
    expect(listed.sort()).toEqual(answers.map((answer) => answer.body).sort());
  });

  it.each([
    [{ msg: 'm' }, '1 validation error for MaintenanceStatusRequest\npaused\n  Field required [type=missing'],
    [
      { msg: 'm', paused: true, more: 1 },
      '1 validation error for MaintenanceStatusRequest\nmore\n  Extra inputs are not permitted [type=extra_forbidden',
    ],
    [
      { msg: 7, paused: true },
      '1 validation error for MaintenanceStatusRequest\nmsg\n  Input should be a valid string [type=string_type, input_value=7, input_type=int]',
    ],
    [
      { msg: { $ne: '' }, paused: true },
      '1 validation error for MaintenanceStatusRequest\nmsg\n  Input should be a valid string [type=string_type',
    ],
    [{ msg: 'm', pause: 1 }, '2 validation errors for MaintenanceStatusRequest\npaused\n'],
    [[], '1 validation error for MaintenanceStatusRequest\n  Input should be a valid dictionary'],
  ])('answer 400 to %j in the words of the reference, and change nothing', async (body, message) => {
    const answer = await post('/maintenance-status', body);
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([400, 'application/json']);
    expect(Object.keys(answer.json<object>())).toEqual(['message']);
    expect(answer.json<{ message: string }>().message.startsWith(message)).toBe(true);
    expect(await records()).toEqual([]);
  });

  it('answer 415 and 400 to bodies that are not JSON', async () => {
    const text = await call('POST', '/maintenance-status', { payload: 'msg=m', headers: { 'content-type': 'text/plain' } });
    expect([text.statusCode, text.json<{ message: string }>().message]).toEqual([
      415,
      "Did not attempt to load JSON data because the request Content-Type was not 'application/json'.",
    ]);
    const broken = await call('POST', '/maintenance-statuses', { payload: '{"msg":', headers: { 'content-type': 'application/json' } });
    expect([broken.statusCode, broken.json<{ message: string }>().message]).toEqual([
      400,
      'The browser (or proxy) sent a request that this server could not understand.',
    ]);
  });
});

describe('GET /api/v1/maintenance', () => {
  it('shows a switch that nobody has touched, with number 0, and writes nothing', async () => {
    const answer = await get('/api/v1/maintenance');
    expect([answer.statusCode, answer.headers.etag]).toEqual([200, '"0"']);
    expect(answer.json()).toEqual({
      mode: 'off',
      number: 0,
      on: false,
      reason: null,
      ticket: null,
      until: null,
      autoResume: false,
      allow: { workers: [], datasets: [] },
      since: null,
      setBy: null,
      quietAt: null,
      remaining: { jobs: 0, uploads: 0 },
      remainingJobs: [],
      estimatedQuietAt: null,
    });
    expect(await records()).toEqual([]);
  });

  it('is draining while a job runs, then quiet', async () => {
    running.push({ jobId: 'j', datasetName: 'D', operation: 'ADD', phase: 'built', percent: null, startedAt: new Date(0) });
    await put({ on: true, reason: 'Upgrade' }, '*');
    expect((await get('/api/v1/maintenance')).json()).toMatchObject({
      mode: 'draining',
      remaining: { jobs: 1 },
      remainingJobs: [{ jobId: 'j', phase: 'built', startedAt: '1970-01-01T00:00:00.000Z' }],
    });
    running.length = 0;
    expect((await get('/api/v1/maintenance')).json()).toMatchObject({ mode: 'quiet', remaining: { jobs: 0 }, remainingJobs: [] });
  });

  it('shows what the compat API has set', async () => {
    await post('/maintenance-status', { msg: 'from an old client', paused: true });
    const answer = await get('/api/v1/maintenance');
    expect(answer.headers.etag).toBe('"1"');
    expect(answer.json()).toMatchObject({ on: true, reason: 'from an old client', setBy: { id: 'anonymous', name: 'anonymous' } });
  });
});

describe('PUT /api/v1/maintenance', () => {
  it('sets the switch, answers it with its ETag, and is seen by the compat API', async () => {
    const answer = await put({ on: true, reason: 'Upgrade', ticket: 'CHG-1', until: '2030-01-01T00:00:00+01:00' }, '"0"');
    expect([answer.statusCode, answer.headers.etag]).toEqual([200, '"1"']);
    expect(answer.json()).toMatchObject({ number: 1, mode: 'quiet', ticket: 'CHG-1', until: '2029-12-31T23:00:00.000Z' });
    expect(answer.json()).toEqual((await get('/api/v1/maintenance')).json());
    expect((await get('/maintenance-status')).json()).toMatchObject({ msg: 'Upgrade', paused: true });
  });

  it('needs If-Match', async () => {
    const answer = await put({ on: true, reason: 'Upgrade' });
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([428, problemType]);
    expect(answer.json()).toMatchObject({ code: 'PRECONDITION.REQUIRED' });
  });

  it.each(['0', '"x"', 'W/"0"', '"-1"', '"1", "2"'])('refuses If-Match %s', async (tag) => {
    expect((await put({ on: true, reason: 'Upgrade' }, tag)).statusCode).toBe(400);
    expect(await records()).toEqual([]);
  });

  it('answers 412 with the present state and its author when somebody was faster', async () => {
    await put({ on: true, reason: 'first' }, '"0"');
    const answer = await put({ on: true, reason: 'second' }, '"0"');
    expect(answer.statusCode).toBe(412);
    expect(answer.json()).toMatchObject({
      code: 'PRECONDITION.FAILED',
      current: { status: 'on', version: 1 },
      changedBy: { id: 'anonymous', name: 'anonymous' },
    });
  });

  it.each(['"0"', '"1"', '"7"', '*'])(
    'answers 200 with the same ETag and makes no record for an equal switch and If-Match %s',
    async (tag) => {
      await put({ on: true, reason: 'same' }, '*');
      const answer = await put({ on: true, reason: 'same', ticket: null }, tag);
      expect([answer.statusCode, answer.headers.etag]).toEqual([200, '"1"']);
      expect(await records()).toHaveLength(1);
    },
  );

  it('lets one of 30 concurrent callers with the same ETag through', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => put({ on: true, reason: `${n}` }, '"0"')));
    expect(answers.map((answer) => answer.statusCode).sort()).toEqual([200, ...Array<number>(29).fill(412)]);
    expect(await records()).toHaveLength(1);
  });

  it.each([
    [{ on: true }],
    [{ on: true, reason: ' ' }],
    [{ on: 'true', reason: 'r' }],
    [{ on: true, reason: 'r', paused: true }],
    [{ on: true, reason: { $ne: null } }],
    [{ on: true, reason: 'r', until: 'tomorrow' }],
    [{ on: true, reason: 'r', number: 9 }],
    [[{ on: true, reason: 'r' }]],
    [[]],
    [null],
    ['text'],
    [7],
  ])('answers 400 to %j and changes nothing', async (body) => {
    const answer = await put(body, '*');
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([400, problemType]);
    expect(answer.json()).toMatchObject({ code: 'REQUEST.INVALID' });
    expect(await records()).toEqual([]);
  });
});

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

describe('GET /api/v1/maintenance/history', () => {
  it('pages through all changes, newest first, with actor and time', async () => {
    for (const n of [1, 2, 3]) await put({ on: true, reason: `${n}` }, '*');
    const first = await get('/api/v1/maintenance/history?limit=2&count=exact');
    const page = first.json<{ items: { number: number; reason: string }[]; nextCursor: string }>();
    expect(page).toMatchObject({ items: [{ number: 3 }, { number: 2 }], prevCursor: null, count: { value: 3, exact: true } });
    expect(page.items[0]).toEqual({
      number: 3,
      on: true,
      reason: '3',
      ticket: null,
      until: null,
      autoResume: false,
      allow: { workers: [], datasets: [] },
      since: expect.stringMatching(/^\d{4}-.*Z$/),
      setBy: { id: 'anonymous', name: 'anonymous' },
      quietAt: expect.stringMatching(/^\d{4}-.*Z$/),
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      actor: { id: 'anonymous', name: 'anonymous', role: 'anonymous', address: '127.0.0.1' },
    });
    expect(first.headers.link).toContain('rel="next"');
    const second = await get(`/api/v1/maintenance/history?limit=2&cursor=${page.nextCursor}`);
    expect(second.json()).toMatchObject({ items: [{ number: 1 }], nextCursor: null });
  });

  it.each(['limit=0', 'limit=x', 'limit=', 'cursor=abc', 'count=all', 'page=2', 'limit=1&limit=2'])('answers 400 to %s', async (query) => {
    expect((await get(`/api/v1/maintenance/history?${query}`)).statusCode).toBe(400);
  });
});

describe('the events of maintenance', () => {
  it('are relayed with the switch as data', async () => {
    await database.collection('events').deleteMany({});
    await put({ on: true, reason: 'Upgrade', ticket: 'CHG-1' }, '*');
    await put({ on: false }, '*');
    const events = database.collection('events');
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

describe('the description of the routes', () => {
  it('has every path, each with an operation id of its own', () => {
    const { paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    const described = Object.entries(paths).filter(([path]) => path.includes('maintenance'));
    const operations = described.flatMap(([, item]) => [item.get, item.put, item.post].filter((operation) => operation !== undefined));
    const own = [...newestPaths, ...historyPaths, ...['', '/deploy-check', '/history'].map((rest) => `/api/v1/maintenance${rest}`)];
    expect(described.map(([path]) => path).sort()).toEqual([...new Set(own)].sort());
    expect(operations).toHaveLength(10);
    expect(new Set(operations.map((operation) => operation.operationId)).size).toBe(10);
  });
});
