import { describe, expect, it } from '@jest/globals';
import { useService } from '../support/use-service.js';
import { usePrincipals } from './principals.js';
import { freshDataset, step, TraceClient, upload } from './trace-client.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('conventions of the trace API of old (contract A, section 12)', () => {
  const as = usePrincipals();

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
      const reply = await as.own.send(method, path);
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
        const reply = await as.nobody.send(method, path, { headers: { authorization }, ...(method === 'POST' ? { body: 'notjson' } : {}) });
        expect([reply.status, reply.json()]).toEqual([401, { message: 'Unauthorized' }]);
        expect(reply.headers['access-control-allow-origin']).toBe('*');
      }
    },
  );

  it('takes the scheme and the header name in any case', async () => {
    const { authorization } = as.own.headers;
    const sent = await as.nobody.send('POST', '/status', {
      body: JSON.stringify(upload('ds')),
      headers: { AUTHORIZATION: authorization!.replace('Bearer', 'bearer') },
    });
    expect(sent.status).toBe(200);
  });

  it('serves every route without the prefix too', async () => {
    const bare = new TraceClient(as.http, as.own.headers['authorization']!.slice(7), '');
    const path = `${freshDataset('p')}.csv`;
    const id = await bare.create(upload('ds', { s3_path: path }));
    await bare.append(id, step(1));
    expect(await bare.events(id)).toEqual(await as.own.events(id));
    expect((await bare.find(base64(path))).json()).toEqual({ id, trace_id: id });
    expect((await bare.tryRead('x')).json()).toEqual({ message: 'Could not find item: x' });
  });

  describe('CORS', () => {
    it.each(['/status', '/status/some-id', '/status-from-path/YS9i'])('answers a preflight of %s', async (path) => {
      for (const base of ['/status-api', '']) {
        const reply = await as.http.send('OPTIONS', `${base}${path}`, {
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
      const id = await as.own.create(upload('ds'));
      for (const reply of [await as.own.tryRead(id), await as.own.tryRead('x'), await as.other.tryRead(id), await as.own.tryAppend(id, {})])
        expect(reply.headers['access-control-allow-origin']).toBe('*');
      for (const path of ['/jobs', '/api/v1/traces', '/health/live'])
        expect((await as.http.get(path)).headers).not.toHaveProperty('access-control-allow-origin');
    });
  });
});

describe('the trace API of old without a key set', () => {
  const nowhere = { JWKS_URL: 'http://127.0.0.1:1/keys', JWT_ISSUER: 'https://login.example', JWT_AUDIENCE: 'signalbox' };
  const file = useService({ env: nowhere });
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

  it('answers 503 with Retry-After, not 401, to a token that nobody can judge now', async () => {
    const client = new TraceClient(file.http, `${part({ alg: 'RS256', kid: 'k' })}.${part({ sub: 'x' })}.c2ln`);
    for (const reply of [await client.post('/status', upload('ds')), await client.tryRead('x')]) {
      expect([reply.status, typeof reply.json<{ message: unknown }>().message]).toEqual([503, 'string']);
      expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
      expect(reply.headers['access-control-allow-origin']).toBe('*');
    }
  });
});
