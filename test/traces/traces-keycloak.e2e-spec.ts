import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { keycloakAnswers as answers, StubKeycloak } from '../support/keycloak.js';
import { useService } from '../support/use-service.js';
import { freshDataset, step, TraceClient, upload } from './trace-client.js';

const writeOn = (dataset: string) => `okdata:dataset:${dataset}#okdata:dataset:write`;
const whitelist = '#okdata:dataset:whitelist';

describe('the trace API with KEYCLOAK_SERVER', () => {
  const keycloak = new StubKeycloak();
  beforeAll(async () => void (await keycloak.start()));
  const file = useService(() => ({ env: { KEYCLOAK_SERVER: `${keycloak.url}/`, KEYCLOAK_TIMEOUT_MS: '500' } }));
  afterAll(() => keycloak.stop());
  beforeEach(() => {
    keycloak.questions.length = 0;
    keycloak.next.length = 0;
    keycloak.always = null;
  });

  let counter = 0;
  /** A client whose token nobody signed: Keycloak alone says what it may. */
  const clientWith = (...permissions: string[]) => {
    const token = `token-${++counter}`;
    keycloak.granted.set(token, permissions);
    return new TraceClient(file.http, token);
  };

  it('asks for the dataset of the trace, once for a while', async () => {
    const dataset = freshDataset();
    const client = clientWith(writeOn(dataset));
    const id = await client.create(upload(dataset));
    await client.append(id, step(1));
    expect(await client.events(id)).toHaveLength(2);
    expect(keycloak.questions.map(({ permission }) => permission)).toEqual([writeOn(dataset)]);
  });

  it('lets a whitelisted caller in, also for a dataset that Keycloak does not know', async () => {
    const dataset = freshDataset('unknown');
    const service = clientWith(whitelist);
    const id = await service.create(upload(dataset));
    expect(await service.events(id)).toHaveLength(1);
    expect(keycloak.questions.map(({ permission }) => permission)).toEqual([writeOn(dataset), whitelist]);
  });

  it('refuses whom Keycloak refuses twice', async () => {
    const reply = await clientWith().post('/status', upload('ds'));
    expect([reply.status, reply.json()]).toEqual([403, { message: 'Access denied' }]);
    expect(keycloak.questions.map(({ permission }) => permission)).toEqual([writeOn('ds'), whitelist]);
  });

  it('answers 401 when Keycloak does not accept the token, whatever else is wrong', async () => {
    const client = new TraceClient(file.http, 'unknown-to-keycloak');
    for (const reply of [
      await client.post('/status', upload('ds')),
      await client.post('/status', upload('ds', { domain: 'event' })),
      await client.post('/status', upload('ds', { domain_id: null })),
      await client.tryRead('ds-unknown'),
      await client.tryAppend('ds-unknown', step(1)),
      await client.find('bXkvcGF0aA=='),
      await client.find('A'),
    ])
      expect([reply.status, reply.json()]).toEqual([401, { message: 'Unauthorized' }]);
  });

  it.each(['silence', 'hangup', answers.broken] as const)('answers 503 with Retry-After when Keycloak answers %j', async (answer) => {
    keycloak.always = answer;
    const reply = await clientWith(writeOn('ds')).post('/status', upload('ds'));
    expect([reply.status, typeof reply.json<{ message: unknown }>().message]).toEqual([503, 'string']);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    expect(reply.headers['access-control-allow-origin']).toBe('*');
    expect(keycloak.questions).toHaveLength(4);
  });

  it('says to every token that Keycloak accepts that a trace is unknown, and asks once for a while', async () => {
    const client = clientWith();
    for (const id of ['ds-unknown', 'ds-unknown-too'])
      expect((await client.tryRead(id)).json()).toEqual({ message: `Could not find item: ${id}` });
    expect(keycloak.questions.map(({ permission }) => permission)).toEqual([whitelist]);
  });

  it('asks nobody without a token', async () => {
    expect((await new TraceClient(file.http).post('/status', upload('ds'))).status).toBe(401);
    expect((await new TraceClient(file.http, 'no,token').tryRead('ds-unknown')).status).toBe(401);
    expect(keycloak.questions).toEqual([]);
  });

  it('names the holder of an accepted token in the history', async () => {
    const dataset = freshDataset();
    const claims = { iss: 'https://login.example', sub: 'u-1', preferred_username: 'ooo123' };
    const token = `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
    keycloak.granted.set(token, [writeOn(dataset)]);
    const id = await new TraceClient(file.http, token).create(upload(dataset));
    const reader = { authorization: `Bearer ${await file.service.token('reader')}` };
    const trace = (await file.http.get(`/api/v1/traces/${id}`, reader)).json<{ createdBy: object }>();
    expect(trace.createdBy).toEqual({ id: 'https://login.example|u-1', name: 'ooo123' });
  });
});
