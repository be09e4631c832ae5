import { describe, expect, it } from '@jest/globals';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { completed } from '../../src/openapi-document.js';
import { running, useMaintenanceApp } from './maintenance-app.js';

const platform = useMaintenanceApp();
const { call, get, post, put, records } = platform;
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

describe('the description of the routes', () => {
  it('has every path, each with an operation id of its own', () => {
    const { paths } = completed(SwaggerModule.createDocument(platform.app, new DocumentBuilder().build()));
    const described = Object.entries(paths).filter(([path]) => path.includes('maintenance'));
    const operations = described.flatMap(([, item]) => [item.get, item.put, item.post].filter((operation) => operation !== undefined));
    const own = [...newestPaths, ...historyPaths, ...['', '/deploy-check', '/history'].map((rest) => `/api/v1/maintenance${rest}`)];
    expect(described.map(([path]) => path).sort()).toEqual([...new Set(own)].sort());
    expect(operations).toHaveLength(10);
    expect(new Set(operations.map((operation) => operation.operationId)).size).toBe(10);
  });
});
