import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureEmbeddedIssuer } from '../../src/auth/index.js';
import { signJobCookies } from '../../src/auth/issuer/job-cookie-tokens.js';
import type { Role } from '../../src/common/caller.js';
import { KeyServer } from './key-server.js';
import { inSeconds, Signer } from './signer.js';
import { TinyApp } from './tiny-app.js';

const json = { 'content-type': 'application/json' };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

let dataDir: string;
let strict: TinyApp;
let reference: TinyApp;
let as: (role: Role) => { authorization: string };
let cookie: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'signalbox-auth-'));
  strict = await TinyApp.start({ DATA_DIR: dataDir });
  reference = await TinyApp.start({ DATA_DIR: dataDir, COMPAT_AUTH: 'reference' });
  const issuer = await ensureEmbeddedIssuer(dataDir);
  as = (role) => bearer(issuer.signToken({ sub: `${role}-1`, name: `The ${role}`, roles: [role], expiresInSeconds: 60 }));
  const user = { userId: 'u-17', firstName: 'Kari', lastName: 'Lie' };
  cookie = signJobCookies(issuer, { user, stack: null, expiresInSeconds: 60 });
});

afterAll(async () => {
  await Promise.all([strict.stop(), reference.stop()]);
  await rm(dataDir, { recursive: true });
});

describe('a native route', () => {
  it('answers 401 and a challenge without a token', async () => {
    const answer = await strict.call('GET /api/v1/things');
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="signalbox"');
    expect(answer.json()).toMatchObject({ code: 'AUTH.TOKEN_MISSING', detail: 'No bearer token was sent.' });
  });

  it('answers 401 before it looks at the body, and 403 too', async () => {
    const invalid = await strict.call('POST /api/v1/things', { ...json, ...bearer('x.y.z') }, '{"broken');
    expect([invalid.statusCode, invalid.json().code]).toEqual([401, 'AUTH.TOKEN_INVALID']);
    const forbidden = await strict.call('POST /api/v1/things', { ...json, ...as('worker') }, '{"broken');
    expect(forbidden.statusCode).toBe(403);
    expect(forbidden.json()).toMatchObject({ code: 'AUTH.ROLE_MISSING', requiredRoles: ['pipeline', 'operator', 'admin'] });
    const unreadable = await strict.call('POST /api/v1/things', { ...json, ...as('operator') }, '{"broken');
    expect(unreadable.statusCode).toBe(400);
  });

  it.each([
    ['operator', 201],
    ['pipeline', 201],
    ['admin', 201],
    ['reader', 403],
    ['worker', 403],
  ] as const)('for operators and pipelines answers %s with %i', async (role, status) => {
    expect((await strict.call('POST /api/v1/things', { ...json, ...as(role) }, '{"name":"a"}')).statusCode).toBe(status);
  });

  it.each(['reader', 'worker', 'pipeline', 'operator', 'admin'] as const)('for readers takes %s, and hands on who calls', async (role) => {
    const answer = await strict.call('GET /api/v1/things', as(role));
    expect(answer.json()).toEqual({
      actor: { id: `signalbox-embedded|${role}-1`, name: `The ${role}`, role, address: '127.0.0.1' },
      requestId: expect.any(String),
    });
  });

  it('refuses a token of 9 KiB with 431', async () => {
    expect((await strict.call('GET /api/v1/things', bearer('x'.repeat(9_216)))).statusCode).toBe(431);
  });

  it('answers HEAD as GET', async () => {
    expect((await strict.call('HEAD /api/v1/things')).statusCode).toBe(401);
    expect((await strict.call('HEAD /api/v1/things', as('reader'))).statusCode).toBe(200);
  });

  it('does not open in reference mode', async () => {
    expect((await reference.call('GET /api/v1/things')).statusCode).toBe(401);
  });

  it('that states no access is for admins', async () => {
    expect((await strict.call('GET /api/v1/things/unmarked')).statusCode).toBe(401);
    expect((await strict.call('GET /api/v1/things/unmarked', as('operator'))).statusCode).toBe(403);
    expect((await strict.call('GET /api/v1/things/unmarked', as('admin'))).statusCode).toBe(200);
  });
});

describe('a public route', () => {
  it('asks for nothing and does not look at credentials', async () => {
    const answer = await strict.call('GET /api/v1/things/open', bearer('garbage'));
    expect(answer.json().actor).toEqual({ id: 'anonymous', name: 'anonymous', role: 'anonymous', address: '127.0.0.1' });
  });

  it('is every unknown path: 404 tells nothing', async () => {
    expect((await strict.call('GET /nowhere')).statusCode).toBe(404);
  });
});

describe('a compat route', () => {
  it('in strict mode answers 401 with the setting that old clients need', async () => {
    for (const headers of [{}, bearer('garbage'), { authorization: 'Basic dTpw' }] as Record<string, string>[]) {
      const answer = await strict.call('GET /things', headers);
      expect(answer.statusCode).toBe(401);
      expect(answer.json()).toEqual({ message: expect.stringContaining('COMPAT_AUTH=reference') });
    }
  });

  it('in strict mode asks for a fitting role', async () => {
    expect((await strict.call('GET /things', as('worker'))).json().actor.role).toBe('worker');
    expect((await strict.call('DELETE /things', as('worker'))).statusCode).toBe(403);
  });

  it.each([{}, bearer('garbage'), bearer('x'.repeat(9_216)), { authorization: '' }, { authorization: 'Basic dTpw' }])(
    'in reference mode is open, whatever the Authorization header holds',
    async (headers: Record<string, string>) => {
      const answer = await reference.call('GET /things', headers);
      expect([answer.statusCode, answer.json().actor.id]).toEqual([200, 'anonymous']);
    },
  );
});

describe('compat POST with two cookies', () => {
  it('needs them and no bearer, in both modes', async () => {
    for (const app of [strict, reference]) {
      expect((await app.call('POST /things', { cookie })).json()).toEqual({ userId: 'u-17', firstName: 'Kari', lastName: 'Lie' });
      const answer = await app.call('POST /things', as('admin'));
      expect([answer.statusCode, answer.json()]).toEqual([401, { message: 'Unauthorized. No authorization token was provided' }]);
    }
  });

  it('refuses pages of other sites', async () => {
    const answer = await strict.call('POST /things', { cookie, 'sec-fetch-site': 'cross-site' });
    expect(answer.statusCode).toBe(403);
  });
});

describe('the embedded issuer', () => {
  it('serves its public key', async () => {
    const answer = await strict.call('GET /.well-known/jwks.json');
    const issuer = await ensureEmbeddedIssuer(dataDir);
    expect(answer.json()).toEqual({ keys: [issuer.jwk] });
    expect(answer.body).not.toContain('"d"');
  });

  it('writes a token for an admin that only its owner may read', async () => {
    const token = (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();
    expect((await stat(join(dataDir, 'admin-token'))).mode & 0o777).toBe(0o600);
    expect((await strict.call('GET /api/v1/things/unmarked', bearer(token))).statusCode).toBe(200);
  });
});

describe('with an identity provider', () => {
  const signer = new Signer('k1');
  let server: KeyServer;
  let app: TinyApp;
  const claims = { iss: 'https://login.example', aud: 'signalbox', sub: 'w', roles: ['worker'], exp: inSeconds(60) };

  const startApp = (env: NodeJS.ProcessEnv = {}) =>
    TinyApp.start({ DATA_DIR: dataDir, JWKS_URL: server.url, JWT_ISSUER: claims.iss, JWT_AUDIENCE: claims.aud, ...env });

  beforeAll(async () => {
    server = await KeyServer.start();
    server.answer = { keys: [signer.jwk({ alg: 'RS256' })] };
    app = await startApp();
  });

  afterAll(async () => {
    await app.stop();
    await server.stop();
  });

  it('takes its tokens and no others', async () => {
    expect((await app.call('GET /api/v1/things', bearer(signer.sign(claims)))).statusCode).toBe(200);
    expect((await app.call('GET /api/v1/things', as('admin'))).statusCode).toBe(401);
    expect((await app.call('GET /.well-known/jwks.json')).statusCode).toBe(404);
  });

  it('costs one read of the key set for 200 unknown key ids at once, all 401', async () => {
    const before = server.reads;
    const calls = Array.from({ length: 200 }, (_, index) =>
      app.call('GET /api/v1/things', bearer(signer.sign(claims, { kid: `u${index}` }))),
    );
    expect(new Set((await Promise.all(calls)).map(({ statusCode }) => statusCode))).toEqual(new Set([401]));
    expect(server.reads - before).toBeLessThanOrEqual(1);
  });

  it('knows the age of the key set', () => {
    expect(app.keys.keySetAgeSeconds()).toBeLessThan(60);
  });

  it('limits the rate of each subject, and says when to come back', async () => {
    const limited = await startApp({ RATE_LIMIT_PER_SECOND: '2' });
    const answers = await Promise.all(Array.from({ length: 5 }, () => limited.call('GET /api/v1/things', bearer(signer.sign(claims)))));
    const refused = answers.find(({ statusCode }) => statusCode === 429);
    expect(refused?.json().code).toBe('RATE.LIMITED');
    expect(refused?.headers['retry-after']).toBe('1');
    expect((await limited.call('GET /api/v1/things', bearer(signer.sign({ ...claims, sub: 'other' })))).statusCode).toBe(200);
    await limited.stop();
  });

  it('that is away starts all the same, and answers 503 with Retry-After, not 401, on every surface', async () => {
    server.status = 500;
    const cut = await startApp();
    const token = bearer(signer.sign(claims));
    for (const line of ['GET /api/v1/things', 'GET /things']) {
      const answer = await cut.call(line, token);
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, expect.stringMatching(/^[1-4]$/)]);
    }
    const both = `authorization=${signer.sign({ ...claims, aud: 'datastore' })}; user-info=${signer.sign(claims)}`;
    const answer = await cut.call('POST /things', { cookie: both });
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, expect.stringMatching(/^[1-4]$/)]);
    expect((await cut.call('GET /api/v1/things', bearer('garbage'))).statusCode).toBe(401);
    await cut.stop();
    server.status = 200;
  });
});
