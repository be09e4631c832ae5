import { beforeAll, describe, expect, it } from '@jest/globals';
import { useService } from '../support/use-service.js';
import { freshDataset, step, TraceClient, upload } from './trace-client.js';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('the trace API of old (contract A, section 12)', () => {
  const file = useService({});
  let own: TraceClient;
  let other: TraceClient;
  let service: TraceClient;
  let nobody: TraceClient;
  beforeAll(async () => {
    const client = async (...datasets: string[]) => new TraceClient(file.http, await file.service.token('reader', ...datasets));
    own = await client('ds', 'a'.repeat(60), 'b'.repeat(90), 'legacy', 'legacy/1');
    other = await client('other');
    service = await client('*');
    nobody = new TraceClient(file.http);
  }, 60_000);

  it('S1: creates a trace from a body without a content type', async () => {
    const reply = await own.post('/status', upload('ds'));
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toBe('application/json');
    const body = reply.json<{ trace_id: string }>();
    expect(Object.keys(body)).toEqual(['trace_id']);
    expect(body.trace_id).toMatch(/^ds-[0-9a-f-]{36}$/);
    expect(body.trace_id.slice(3)).toMatch(uuid);
  });

  it.each(['application/x-www-form-urlencoded', 'text/plain', 'application/json; charset=latin1', 'nonsense', ''])(
    'S1: takes a body with the content type %j',
    async (type) => {
      const reply = await own.send('POST', '/status', { body: JSON.stringify(upload('ds')), headers: { 'content-type': type } });
      expect([reply.status, Object.keys(reply.json<object>())]).toEqual([200, ['trace_id']]);
    },
  );

  it('S2: begins as STARTED and OK whatever the body says, and drops what it does not know', async () => {
    const id = await own.create(
      upload('ds', { trace_status: 'FINISHED', trace_event_status: 'FAILED', run_status: 'x', foo: 1, trace_event_id: 'mine' }),
    );
    const [first, ...rest] = await own.events(id);
    expect(rest).toEqual([]);
    expect(first).toEqual({
      ...upload('ds'),
      trace_id: id,
      trace_event_id: expect.stringMatching(uuid),
      trace_status: 'STARTED',
      trace_event_status: 'OK',
    });
  });

  it('S3: asks for the right on the dataset', async () => {
    expect((await service.post('/status', upload('ds'))).status).toBe(200);
    const refused = await other.post('/status', upload('ds'));
    expect([refused.status, refused.json()]).toEqual([403, { message: 'Access denied' }]);
    const unknown = await nobody.post('/status', upload('ds'));
    expect([unknown.status, unknown.json()]).toEqual([401, { message: 'Unauthorized' }]);
  });

  it('S4: refuses a trace about anything but a dataset', async () => {
    const reply = await own.post('/status', upload('ds', { domain: 'event' }));
    expect([reply.status, reply.json()]).toEqual([403, { message: 'Access denied' }]);
  });

  const legacy = (applicationId: string) => ({
    application: 'dataset',
    application_id: applicationId,
    handler: 'data-uploader',
    user: 'data-uploader',
    date_started: '2026-11-22T09:00:00',
    date_end: 'N/A',
    body: 'N/A',
    s3path: 'raw/green/legacy/x.csv',
    id: 'ignored',
  });

  it('S5: takes the names of 2020 and answers with the present ones', async () => {
    const id = await own.create(legacy('legacy'));
    const events = await own.events(id);
    expect(events).toEqual([
      {
        trace_id: id,
        trace_event_id: expect.stringMatching(uuid),
        domain: 'dataset',
        domain_id: 'legacy',
        component: 'data-uploader',
        user: 'data-uploader',
        start_time: '2026-11-22T09:00:00',
        end_time: 'N/A',
        status_body: 'N/A',
        s3_path: 'raw/green/legacy/x.csv',
        trace_status: 'STARTED',
        trace_event_status: 'OK',
      },
    ]);
    const appended = {
      application: 'dataset',
      handler: 'h',
      date_started: '2026-11-22T09:00:01',
      date_end: 'N/A',
      run_status: 'FINISHED',
      status: 'OK',
    };
    expect(await own.append(id, appended)).toMatchObject({
      trace_id: id,
      component: 'h',
      trace_status: 'FINISHED',
      trace_event_status: 'OK',
    });
  });

  it("S5: takes an old caller's application_id as the dataset's id, whole", async () => {
    expect((await other.post('/status', legacy('other/1'))).status).toBe(403);
    expect(await own.create(legacy('legacy/1'))).toMatch(/^legacy-[0-9a-f-]{36}$/);
  });

  it.each([
    [(body: object) => ({ ...body, handler: 'old' }), 'old'],
    [(body: object) => ({ handler: 'old', ...body }), 'data-uploader'],
  ])('S5: of an old and a new name the later one counts', async (make, component) => {
    const id = await own.create(make(upload('ds')));
    expect((await own.events(id))[0]?.component).toBe(component);
  });

  it.each(['domain', 'domain_id', 'component', 'start_time', 'end_time'])(
    'S6: names %s when it is missing, null or no text',
    async (field) => {
      for (const value of [undefined, null, 7]) {
        const reply = await own.post('/status', upload('ds', { [field]: value }));
        expect([reply.status, reply.json<{ message: string }>().message]).toEqual([400, expect.stringContaining(field)]);
      }
    },
  );

  it.each(['', null, 5])('S6: refuses the s3_path %j', async (path) => {
    expect((await own.post('/status', upload('ds', { s3_path: path }))).status).toBe(400);
  });

  it.each(['notjson', '[1]', '', '"text"', '7', 'null', '{"a":', '{"__proto__": {}}'])(
    'S6, S22: answers 400 with a message to the body %j',
    async (body) => {
      const id = await own.create(upload('ds'));
      for (const path of ['/status', `/status/${id}`, '/status/unknown']) {
        const reply = await own.post(path, body);
        expect([reply.status, typeof reply.json<{ message: unknown }>().message]).toEqual([400, 'string']);
      }
    },
  );

  it('S7, S9: says that a trace is unknown, to everybody with a token', async () => {
    for (const client of [own, other]) {
      const read = await client.tryRead('ds-unknown');
      expect([read.status, read.json()]).toEqual([404, { message: 'Could not find item: ds-unknown' }]);
      const appended = await client.tryAppend('ds-unknown', step(1));
      expect([appended.status, appended.json()]).toEqual([404, { message: 'Could not find the requested item to update: ds-unknown' }]);
    }
  });

  it('S8: shows a trace to those who may write its dataset', async () => {
    const id = await own.create(upload('ds'));
    expect((await service.tryRead(id)).status).toBe(200);
    const refused = await other.tryRead(id);
    expect([refused.status, refused.json()]).toEqual([403, { message: 'Access denied' }]);
    const unknown = await nobody.tryRead(id);
    expect([unknown.status, unknown.json()]).toEqual([401, { message: 'Unauthorized' }]);
    expect((await other.tryAppend(id, {})).status).toBe(403);
    expect((await own.tryAppend(id, {})).status).toBe(400);
  });

  it('S10: takes a step that knows neither domain nor component', async () => {
    const id = await own.create(upload('ds'));
    const { component: _component, ...anonymous } = step(1, { domain: 'N/A' }) as Record<string, unknown>;
    for (const body of [
      anonymous,
      { ...anonymous, component: 'N/A', start_time: 'x' },
      { ...anonymous, component: null, start_time: 'y' },
    ]) {
      const stored = await own.append(id, body);
      expect(stored.trace_event_id).toMatch(uuid);
      expect(stored).toMatchObject({ domain: 'N/A', component: 'N/A' });
      expect(stored).not.toHaveProperty('domain_id');
    }
  });

  it('S11: orders events by their start, whenever they arrive', async () => {
    const id = await own.create(upload('ds'));
    for (const second of [3, 1, 2]) await own.append(id, step(second));
    const starts = (await own.events(id)).map((event) => event.start_time);
    expect(starts).toEqual([...starts].sort());
    expect(starts).toHaveLength(4);
  });

  it('S11: compares instants, not texts, puts what is no time last, and breaks ties by arrival', async () => {
    const id = await own.create(upload('ds'));
    const starts = [
      'N/A',
      '2026-11-22T12:00:00.5+01:00',
      '2026-11-22T11:00:00Z',
      '2026-11-22T11:00:00.4',
      '2026-11-22T11:00:00.400000+00:00',
      'A',
    ];
    for (const [index, start_time] of starts.entries()) await own.append(id, step(0, { start_time, operation: `op ${index}` }));
    expect((await own.events(id)).map((event) => event['operation'])).toEqual(['upload', 'op 2', 'op 3', 'op 4', 'op 1', 'op 5', 'op 0']);
  });

  it('S12: stores an event once, however often it is sent', async () => {
    const id = await own.create(upload('ds'));
    const first = await own.append(id, step(1, { meta: { a: 1, b: 2 } }));
    const again = await own.append(id, step(1, { meta: { b: 2, a: 1 } }));
    expect(again).toEqual(first);
    expect(await own.events(id)).toHaveLength(2);
  });

  it('S12: shows the newest content of an event under the id of the first', async () => {
    const id = await own.create(upload('ds'));
    const first = await own.append(id, step(1, { duration: 1 }));
    const second = await own.append(id, step(1, { duration: 2 }));
    expect(second.trace_event_id).toBe(first.trace_event_id);
    const late = await own.append(id, step(1, { duration: 1 }));
    expect([late['duration'], late.trace_event_id]).toEqual([1, first.trace_event_id]);
    expect((await own.events(id)).map((event) => event['duration'])).toEqual([undefined, 2]);
  });

  it('S13: keeps events of one instant apart by component and operation', async () => {
    const id = await own.create(upload('ds'));
    for (const more of [
      { component: 'a' },
      { component: 'b' },
      { component: 'b', operation: 'x' },
      { component: 'b', operation: { x: 1 } },
    ])
      await own.append(id, step(1, more));
    expect(await own.events(id)).toHaveLength(5);
    await own.append(id, step(1, { start_time: '2026-11-22T10:00:00.123456+00:00' }));
    expect((await own.events(id))[0]).toMatchObject({ component: 'data-uploader', trace_status: 'STARTED' });
  });

  it('S14: keeps parallel events', async () => {
    const id = await own.create(upload('ds'));
    await Promise.all(Array.from({ length: 20 }, (_, second) => own.append(id, step(second))));
    expect(await own.events(id)).toHaveLength(21);
  });

  it('S15: leaves a trace with its owner, whatever an event says', async () => {
    const id = await own.create(upload('ds'));
    for (const more of [{ domain_id: 'other/1' }, { domain: 'elsewhere' }, {}])
      await own.append(id, step(0, { start_time: '2020-01-01T00:00:00+00:00', component: JSON.stringify(more), ...more }));
    expect((await own.tryRead(id)).status).toBe(200);
    expect((await service.tryRead(id)).status).toBe(200);
    expect((await other.tryRead(id)).status).toBe(403);
  });

  it("S16: stores an event under the URL's id, percent-encoded or not", async () => {
    const [id, elsewhere] = [await own.create(upload('ds')), await own.create(upload('ds'))];
    expect(await own.append(id, step(1, { trace_id: elsewhere, trace_event_id: 'mine' }))).toMatchObject({ trace_id: id });
    expect((await own.append(id.replace('-', '%2D'), step(2))).trace_id).toBe(id);
    expect(await own.events(elsewhere)).toHaveLength(1);
  });

  const keys = [
    'my/path/to/file (2020).xlsx',
    'raw/green/ds/edition=e1/a.csv',
    'raw/fil æøå.csv',
    'raw/green/ds/version=1/edition=x/foø/Årsrapport?.csv',
  ];
  it.each(keys)('S17: finds the trace of %s by every form of its path', async (key) => {
    const path = `${freshDataset('p')}/${key}`;
    const id = await own.create(upload('ds', { s3_path: path }));
    const plain = base64(path);
    const forms = [plain, encodeURIComponent(plain), plain.replace(/=+$/, ''), plain.replaceAll('+', '-').replaceAll('/', '_')];
    for (const form of forms) {
      const reply = await own.find(form);
      expect([reply.status, reply.json()]).toEqual([200, { id, trace_id: id }]);
    }
  });

  it('S17: finds the vector of the contract whose base64 holds slashes, unchanged', async () => {
    const id = await own.create(upload('ds', { s3_path: 'raw/green/ds/version=1/edition=x/foø/Årsrapport?.csv' }));
    const reply = await own.find('cmF3L2dyZWVuL2RzL3ZlcnNpb249MS9lZGl0aW9uPXgvZm/DuC/DhXJzcmFwcG9ydD8uY3N2');
    expect(reply.json()).toEqual({ id, trace_id: id });
  });

  it('S18: says that a path is unknown, refused, or not asked for by anybody', async () => {
    for (const parameter of [base64('nowhere/x.csv'), 'A', '%20', 'YWJj/']) {
      const reply = await own.find(parameter);
      expect([reply.status, reply.json()]).toEqual([404, { message: 'Could not find item' }]);
    }
    const path = `${freshDataset('p')}.csv`;
    await own.create(upload('ds', { s3_path: path }));
    const refused = await other.find(base64(path));
    expect([refused.status, refused.json()]).toEqual([403, { message: 'Access denied' }]);
    const unknown = await nobody.find(base64(path));
    expect([unknown.status, unknown.json()]).toEqual([401, { message: 'Unauthorized' }]);
  });

  it('S19: finds the trace created last, by paths of further events too', async () => {
    const path = `${freshDataset('p')}.csv`;
    const first = await own.create(upload('ds'));
    await own.create(upload('ds', { s3_path: path }));
    const last = await own.create(upload('ds'));
    for (const id of [last, first]) await own.append(id, step(1, { s3_path: path }));
    await own.append(last, step(2, { s3_path: path }));
    expect((await own.find(base64(path))).json()).toEqual({ id: last, trace_id: last });
  });

  it('S20: leaves out what was not sent, or sent as null', async () => {
    const nulls = Object.fromEntries(
      ['user', 'operation', 'status_body', 'meta', 'duration', 'exception', 'errors'].map((name) => [name, null]),
    );
    const id = await own.create(upload('ds', nulls));
    await own.append(id, step(1, { ...nulls, domain_id: null, s3_path: null }));
    for (const event of await own.events(id)) for (const name of Object.keys(nulls)) expect(event).not.toHaveProperty(name);
  });

  it('keeps free-form values as they were sent, digits included', async () => {
    const id = await own.create(upload('ds'));
    const free =
      '{"$a.b":[{"":null}],"n":12345678901234567890,"d":0.1000000000000000000001,"e":1E400,"t":"$x","u":"\\u00e5\\ud83d\\ude00"}';
    const body = `${JSON.stringify(step(1)).slice(0, -1)},"meta":${free},"duration":1.10,"user":[1],"errors":[{"message":{"nb":"Feil"}}]}`;
    expect((await own.post(`/status/${id}`, body)).status).toBe(200);
    const { text } = await own.tryRead(id);
    for (const part of ['12345678901234567890', '0.1000000000000000000001', '1E400', '"$a.b":[{"":null}]', '"t":"$x"'])
      expect(text).toContain(part);
    expect(JSON.parse(text)[1]).toMatchObject({ duration: 1.1, user: [1], meta: { u: 'å😀' }, errors: [{ message: { nb: 'Feil' } }] });
  });

  it('takes free-form fields with thousands of keys, and refuses what is too deep or too large', async () => {
    const id = await own.create(upload('ds'));
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`k${index}`, index]));
    await own.append(id, step(1, { meta: many, status_body: Array.from({ length: 5_000 }, (_, index) => index) }));
    const deep = await own.post(`/status/${id}`, `${JSON.stringify(step(2)).slice(0, -1)},"meta":${'['.repeat(40)}${']'.repeat(40)}}`);
    expect([deep.status, typeof deep.json<{ message: unknown }>().message]).toEqual([400, 'string']);
    const large = await own.tryAppend(id, step(3, { meta: 'x'.repeat(1_100_000) }));
    expect([large.status, typeof large.json<{ message: unknown }>().message]).toEqual([413, 'string']);
    expect((await own.tryAppend(id, step(4, { component: 'x'.repeat(2_000) }))).status).toBe(400);
  });

  it.each([60, 90])('S21: keeps the whole UUID in the id for a dataset id of %i characters', async (length) => {
    const dataset = (length === 60 ? 'a' : 'b').repeat(length);
    const [first, second] = [await own.create(upload(dataset)), await own.create(upload(dataset))];
    expect(first).toHaveLength(80);
    expect(first).not.toBe(second);
    expect(first.slice(44)).toMatch(uuid);
    expect((await own.tryRead(first)).status).toBe(200);
  });

  it('S22: answers what it does not serve with an object that has a message', async () => {
    for (const [method, path] of [
      ['GET', '/status'],
      ['PUT', '/status/x'],
      ['DELETE', '/status/x'],
      ['GET', '/status/'],
      ['GET', '/status-from-path/'],
      ['GET', '/nothing'],
      ['GET', '/status/%zz'],
    ] as const) {
      const reply = await own.send(method, path);
      expect([method, path, Math.floor(reply.status / 100), typeof reply.json<{ message: unknown }>().message]).toEqual([
        method,
        path,
        4,
        'string',
      ]);
    }
  });

  it.each(['Basic abc', 'Bearer', 'Bearer ', 'Bearer not.a.token', 'bearer', ''])(
    'answers 401 to the Authorization header %j',
    async (authorization) => {
      for (const [method, path] of [
        ['POST', '/status'],
        ['POST', '/status/x'],
        ['GET', '/status/x'],
        ['GET', '/status-from-path/eA=='],
      ] as const) {
        // prettier-ignore
        const reply = await nobody.send(method, path, { headers: { authorization }, ...(method === 'POST' ? { body: 'notjson' } : {}) });
        expect([reply.status, reply.json()]).toEqual([401, { message: 'Unauthorized' }]);
        expect(reply.headers['access-control-allow-origin']).toBe('*');
      }
    },
  );

  it('takes the scheme and the header name in any case', async () => {
    const { authorization } = own.headers;
    const sent = await nobody.send('POST', '/status', {
      body: JSON.stringify(upload('ds')),
      headers: { AUTHORIZATION: authorization!.replace('Bearer', 'bearer') },
    });
    expect(sent.status).toBe(200);
  });

  it('serves every route without the prefix too', async () => {
    const bare = new TraceClient(file.http, own.headers['authorization']!.slice(7), '');
    const path = `${freshDataset('p')}.csv`;
    const id = await bare.create(upload('ds', { s3_path: path }));
    await bare.append(id, step(1));
    expect(await bare.events(id)).toEqual(await own.events(id));
    expect((await bare.find(base64(path))).json()).toEqual({ id, trace_id: id });
    expect((await bare.tryRead('x')).json()).toEqual({ message: 'Could not find item: x' });
  });

  describe('CORS', () => {
    it.each(['/status', '/status/some-id', '/status-from-path/YS9i'])('answers a preflight of %s', async (path) => {
      for (const base of ['/status-api', '']) {
        const reply = await file.http.send('OPTIONS', `${base}${path}`, {
          headers: {
            origin: 'https://app.example',
            'access-control-request-method': 'GET',
            'access-control-request-headers': 'authorization',
          },
        });
        expect(reply.status).toBe(200);
        expect(reply.headers['access-control-allow-origin']).toBe('*');
        expect(reply.headers['access-control-allow-headers']).toMatch(/authorization/i);
        expect(reply.headers['access-control-allow-methods']).toMatch(/GET.*POST|POST.*GET/);
        expect(reply.headers).not.toHaveProperty('access-control-allow-credentials');
      }
    });

    it('lets pages read answers, long ones and errors included, here and nowhere else', async () => {
      const id = await own.create(upload('ds'));
      for (const reply of [await own.tryRead(id), await own.tryRead('x'), await other.tryRead(id), await own.tryAppend(id, {})])
        expect(reply.headers['access-control-allow-origin']).toBe('*');
      for (const path of ['/jobs', '/api/v1/traces', '/health/live'])
        expect((await file.http.get(path)).headers).not.toHaveProperty('access-control-allow-origin');
    });
  });
});
