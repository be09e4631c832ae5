import { describe, expect, it } from '@jest/globals';
import { usePrincipals } from './principals.js';
import { step, upload } from './trace-client.js';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('writing to the trace API of old (contract A, section 12)', () => {
  const as = usePrincipals();

  it('S1: creates a trace from a body without a content type', async () => {
    const reply = await as.own.post('/status', upload('ds'));
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
      const reply = await as.own.send('POST', '/status', { body: JSON.stringify(upload('ds')), headers: { 'content-type': type } });
      expect([reply.status, Object.keys(reply.json<object>())]).toEqual([200, ['trace_id']]);
    },
  );

  it('S2: begins as STARTED and OK whatever the body says, and drops what it does not know', async () => {
    const id = await as.own.create(
      upload('ds', { trace_status: 'FINISHED', trace_event_status: 'FAILED', run_status: 'x', foo: 1, trace_event_id: 'mine' }),
    );
    const [first, ...rest] = await as.own.events(id);
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
    expect((await as.service.post('/status', upload('ds'))).status).toBe(200);
    const refused = await as.other.post('/status', upload('ds'));
    expect([refused.status, refused.json()]).toEqual([403, { message: 'Access denied' }]);
    const unknown = await as.nobody.post('/status', upload('ds'));
    expect([unknown.status, unknown.json()]).toEqual([401, { message: 'Unauthorized' }]);
  });

  it('S4: refuses a trace about anything but a dataset', async () => {
    const reply = await as.own.post('/status', upload('ds', { domain: 'event' }));
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
    const id = await as.own.create(legacy('legacy'));
    const events = await as.own.events(id);
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
    expect(await as.own.append(id, appended)).toMatchObject({
      trace_id: id,
      component: 'h',
      trace_status: 'FINISHED',
      trace_event_status: 'OK',
    });
  });

  it("S5: takes an old caller's application_id as the dataset's id, whole", async () => {
    expect((await as.other.post('/status', legacy('other/1'))).status).toBe(403);
    expect(await as.own.create(legacy('legacy/1'))).toMatch(/^legacy-[0-9a-f-]{36}$/);
  });

  it('S5: lets the writer of the dataset go on with the trace that a service created under an old name', async () => {
    const id = await as.service.create(legacy('other/1'));
    await as.other.append(id, step(1));
    expect(await as.other.events(id)).toHaveLength(2);
    expect((await as.own.tryRead(id)).status).toBe(403);
  });

  it.each([
    [(body: object) => ({ ...body, handler: 'old' }), 'old'],
    [(body: object) => ({ handler: 'old', ...body }), 'data-uploader'],
  ])('S5: of an old and a new name the later one counts', async (make, component) => {
    const id = await as.own.create(make(upload('ds')));
    expect((await as.own.events(id))[0]?.component).toBe(component);
  });

  it.each(['domain', 'domain_id', 'component', 'start_time', 'end_time'])(
    'S6: names %s when it is missing, null or no text',
    async (field) => {
      for (const value of [undefined, null, 7]) {
        const reply = await as.own.post('/status', upload('ds', { [field]: value }));
        expect([reply.status, reply.json<{ message: string }>().message]).toEqual([400, expect.stringContaining(field)]);
      }
    },
  );

  it.each(['d\u0000s/1', 'd\ns/1', 'd\u202es/1'])('S6: refuses the dataset in %j, of which a trace id would be made', async (domainId) => {
    const reply = await as.service.post('/status', upload('ds', { domain_id: domainId }));
    expect([reply.status, reply.json<{ message: string }>().message]).toEqual([400, expect.stringContaining('domain_id')]);
  });

  it.each(['', null, 5])('S6: refuses the s3_path %j', async (path) => {
    expect((await as.own.post('/status', upload('ds', { s3_path: path }))).status).toBe(400);
  });

  it.each(['notjson', '[1]', '', '"text"', '7', 'null', '{"a":', '{"__proto__": {}}'])(
    'S6, S22: answers 400 with a message to the body %j',
    async (body) => {
      const id = await as.own.create(upload('ds'));
      for (const path of ['/status', `/status/${id}`, '/status/unknown']) {
        const reply = await as.own.post(path, body);
        expect([reply.status, typeof reply.json<{ message: unknown }>().message]).toEqual([400, 'string']);
      }
    },
  );

  it('S10: takes a step that knows neither domain nor component', async () => {
    const id = await as.own.create(upload('ds'));
    const { component: _component, ...anonymous } = step(1, { domain: 'N/A' }) as Record<string, unknown>;
    for (const body of [
      anonymous,
      { ...anonymous, component: 'N/A', start_time: 'x' },
      { ...anonymous, component: null, start_time: 'y' },
    ]) {
      const stored = await as.own.append(id, body);
      expect(stored.trace_event_id).toMatch(uuid);
      expect(stored).toMatchObject({ domain: 'N/A', component: 'N/A' });
      expect(stored).not.toHaveProperty('domain_id');
    }
  });

  it('S12: stores an event once, however often it is sent', async () => {
    const id = await as.own.create(upload('ds'));
    const first = await as.own.append(id, step(1, { meta: { a: 1, b: 2 } }));
    const again = await as.own.append(id, step(1, { meta: { b: 2, a: 1 } }));
    expect(again).toEqual(first);
    expect(await as.own.events(id)).toHaveLength(2);
  });

  it('S12: shows the newest content of an event under the id of the first', async () => {
    const id = await as.own.create(upload('ds'));
    const first = await as.own.append(id, step(1, { duration: 1 }));
    const second = await as.own.append(id, step(1, { duration: 2 }));
    expect(second.trace_event_id).toBe(first.trace_event_id);
    const late = await as.own.append(id, step(1, { duration: 1 }));
    expect([late['duration'], late.trace_event_id]).toEqual([1, first.trace_event_id]);
    expect((await as.own.events(id)).map((event) => event['duration'])).toEqual([undefined, 2]);
  });

  it('S13: keeps events of one instant apart by component and operation', async () => {
    const id = await as.own.create(upload('ds'));
    for (const more of [
      { component: 'a' },
      { component: 'b' },
      { component: 'b', operation: 'x' },
      { component: 'b', operation: { x: 1 } },
    ])
      await as.own.append(id, step(1, more));
    expect(await as.own.events(id)).toHaveLength(5);
    await as.own.append(id, step(1, { start_time: '2026-11-22T10:00:00.123456+00:00' }));
    expect((await as.own.events(id))[0]).toMatchObject({ component: 'data-uploader', trace_status: 'STARTED' });
  });

  it("S16: stores an event under the URL's id, percent-encoded or not", async () => {
    const [id, elsewhere] = [await as.own.create(upload('ds')), await as.own.create(upload('ds'))];
    expect(await as.own.append(id, step(1, { trace_id: elsewhere, trace_event_id: 'mine' }))).toMatchObject({ trace_id: id });
    expect((await as.own.append(id.replace('-', '%2D'), step(2))).trace_id).toBe(id);
    expect(await as.own.events(elsewhere)).toHaveLength(1);
  });

  it('S20: leaves out what was not sent, or sent as null', async () => {
    const nulls = Object.fromEntries(
      ['user', 'operation', 'status_body', 'meta', 'duration', 'exception', 'errors'].map((name) => [name, null]),
    );
    const id = await as.own.create(upload('ds', nulls));
    await as.own.append(id, step(1, { ...nulls, domain_id: null, s3_path: null }));
    for (const event of await as.own.events(id)) for (const name of Object.keys(nulls)) expect(event).not.toHaveProperty(name);
  });

  it('keeps free-form values as they were sent, digits included', async () => {
    const id = await as.own.create(upload('ds'));
    const free =
      '{"$a.b":[{"":null}],"n":12345678901234567890,"d":0.1000000000000000000001,"e":1E400,"t":"$x","u":"\\u00e5\\ud83d\\ude00"}';
    const body = `${JSON.stringify(step(1)).slice(0, -1)},"meta":${free},"duration":1.10,"user":[1],"errors":[{"message":{"nb":"Feil"}}]}`;
    expect((await as.own.post(`/status/${id}`, body)).status).toBe(200);
    const { text } = await as.own.tryRead(id);
    for (const part of ['12345678901234567890', '0.1000000000000000000001', '1E400', '"$a.b":[{"":null}]', '"t":"$x"'])
      expect(text).toContain(part);
    expect(JSON.parse(text)[1]).toMatchObject({ duration: 1.1, user: [1], meta: { u: 'å😀' }, errors: [{ message: { nb: 'Feil' } }] });
  });

  it('takes free-form fields with thousands of keys, and refuses what is too deep or too large', async () => {
    const id = await as.own.create(upload('ds'));
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`k${index}`, index]));
    await as.own.append(id, step(1, { meta: many, status_body: Array.from({ length: 5_000 }, (_, index) => index) }));
    const deep = await as.own.post(`/status/${id}`, `${JSON.stringify(step(2)).slice(0, -1)},"meta":${'['.repeat(40)}${']'.repeat(40)}}`);
    expect([deep.status, typeof deep.json<{ message: unknown }>().message]).toEqual([400, 'string']);
    const large = await as.own.tryAppend(id, step(3, { meta: 'x'.repeat(1_100_000) }));
    expect([large.status, typeof large.json<{ message: unknown }>().message]).toEqual([413, 'string']);
    expect((await as.own.tryAppend(id, step(4, { component: 'x'.repeat(2_000) }))).status).toBe(400);
  });

  it.each([60, 90])('S21: keeps the whole UUID in the id for a dataset id of %i characters', async (length) => {
    const dataset = (length === 60 ? 'a' : 'b').repeat(length);
    const [first, second] = [await as.own.create(upload(dataset)), await as.own.create(upload(dataset))];
    expect(first).toHaveLength(80);
    expect(first).not.toBe(second);
    expect(first.slice(44)).toMatch(uuid);
    expect((await as.own.tryRead(first)).status).toBe(200);
  });
});
