import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { freshTarget } from '../support/compat-client.js';
import { StubKeySet, type CookieClaims } from '../support/key-set.js';
import { withService } from '../support/service.js';
import { useService } from '../support/use-service.js';

const past = Math.floor(Date.now() / 1000) - 3600;
const future = past + 7200;
const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

describe('the cookies of POST /jobs (contract 2)', () => {
  let keySet: StubKeySet;
  beforeAll(async () => {
    keySet = await StubKeySet.start();
  });
  const file = useService(() => ({ env: { ...keySet.environment, COMPAT_AUTH: 'reference' } }));
  afterAll(() => keySet.stop());

  const create = (headers: Record<string, string>, target = freshTarget()) =>
    file.http.post('/jobs', { jobs: [{ operation: 'ADD', target }] }, headers);
  const cookieHeader = (claims: CookieClaims = {}, options: Parameters<StubKeySet['cookies']>[1] = {}) => ({
    cookie: keySet.cookies(claims, options),
  });

  it('takes the creator from user-info, all as text', async () => {
    const reply = await create(cookieHeader({ userInfo: { 'user/firstName': 'Åse' } }));
    expect(reply.status).toBe(200);
    const id = reply.json<{ job_id: string }[]>()[0]!.job_id;
    expect((await file.compat.job(id)).createdBy).toEqual({ userId: keySet.userId, firstName: 'Åse', lastName: 'Lie' });
  });

  it.each([
    ['an audience that is text', { authorization: { aud: 'datastore' } }, {}],
    ['one audience of several', { authorization: { aud: ['other', 'datastore'] } }, {}],
    ['RS512', {}, { algorithm: 'RS512' as const }],
    ['no exp', { authorization: { exp: undefined }, userInfo: { exp: undefined } }, {}],
    ['an audience of its own in user-info', { userInfo: { aud: 'elsewhere' } }, {}],
  ])('accepts %s', async (_what, claims, options) => {
    const reply = await create(cookieHeader(claims, options));
    expect([reply.status, reply.json<{ msg: string }[]>()[0]?.msg]).toEqual([200, 'CREATED']);
  });

  it.each([
    ['an expired authorization', { authorization: { exp: past } }, {}, 'Unauthorized: Signature has expired'],
    ['an expired user-info', { userInfo: { exp: past } }, {}, 'Unauthorized: Signature has expired'],
    ['a foreign signature', {}, { privateKey: foreign }, 'Unauthorized: Signature verification failed'],
    ['another audience', { authorization: { aud: 'elsewhere' } }, {}, 'Unauthorized: Invalid audience'],
    ['the audience of the qa stack', { authorization: { aud: ['datastore-qa'] } }, {}, 'Unauthorized: Invalid audience'],
    ['no aud', { authorization: { aud: undefined } }, {}, 'Unauthorized: Token is missing the "aud" claim'],
    ['an empty aud', { authorization: { aud: [] } }, {}, 'Unauthorized: Token is missing the "aud" claim'],
    ['a null aud', { authorization: { aud: null } }, {}, 'Unauthorized: Token is missing the "aud" claim'],
    ['no sub', { authorization: { sub: undefined } }, {}, 'Unauthorized: Token is missing the "sub" claim'],
    [
      'no role',
      { authorization: { 'accreditation/role': undefined } },
      {},
      'Unauthorized: Token is missing the "accreditation/role" claim',
    ],
    ['no user in authorization', { authorization: { 'user/uuid': undefined } }, {}, 'Unauthorized: Token is missing the "user/uuid" claim'],
    ['a null user in authorization', { authorization: { 'user/uuid': null } }, {}, 'Unauthorized: Token is missing the "user/uuid" claim'],
    ['no user in user-info', { userInfo: { 'user/uuid': undefined } }, {}, 'Unauthorized: Token is missing the "user/uuid" claim'],
    ['no first name', { userInfo: { 'user/firstName': undefined } }, {}, 'Unauthorized: Token is missing the "user/firstName" claim'],
    ['no last name', { userInfo: { 'user/lastName': undefined } }, {}, 'Unauthorized: Token is missing the "user/lastName" claim'],
    ['another role', { authorization: { 'accreditation/role': 'role/researcher' } }, {}, "Can't start job with role: role/researcher"],
    ['two users', { userInfo: { 'user/uuid': 'somebody-else' } }, {}, 'Token mismatch'],
  ])('answers 401 to %s', async (_what, claims, options, message) => {
    const reply = await create(cookieHeader(claims, options));
    expect([reply.status, reply.json()]).toEqual([401, { message }]);
  });

  it.each([
    ['an unknown kid', {}, { keyid: 'key-9', privateKey: foreign }],
    ['an algorithm outside the list', {}, { algorithm: 'RS384' as const }],
    ['nbf in the future', { authorization: { nbf: future } }, {}],
  ])('J-16: answers 401, not 500, to %s', async (_what, claims, options) => {
    const reply = await create(cookieHeader(claims, options));
    expect([reply.status, typeof reply.json<{ message: unknown }>().message]).toEqual([401, 'string']);
  });

  it('J-16: answers 401, not 500, to tokens without a kid, with HS256 and with alg none', async () => {
    const claims = [keySet.authorizationClaims(), keySet.userInfoClaims()] as const;
    const withoutKid = jwt.sign(claims[0], foreign, { algorithm: 'RS256' });
    const symmetric = jwt.sign(claims[0], keySet.document(), { algorithm: 'HS256', keyid: 'key-1' });
    const unsigned = jwt.sign(claims[0], '', { algorithm: 'none', keyid: 'key-1' } as jwt.SignOptions);
    for (const token of [withoutKid, symmetric, unsigned]) {
      const reply = await create({ cookie: `authorization=${token}; user-info=${keySet.sign(claims[1])}` });
      expect([reply.status, typeof reply.json<{ message: unknown }>().message]).toEqual([401, 'string']);
    }
  });

  it.each([
    ['no cookies', () => ({}), 'Unauthorized. No authorization token was provided'],
    [
      'only user-info',
      () => ({ cookie: `user-info=${keySet.sign(keySet.userInfoClaims())}` }),
      'Unauthorized. No authorization token was provided',
    ],
    [
      'only authorization',
      () => ({ cookie: `authorization=${keySet.sign(keySet.authorizationClaims())}` }),
      'Unauthorized. No user info token was provided',
    ],
    [
      'a header in place of the cookie',
      () => ({ authorization: `Bearer ${keySet.sign(keySet.authorizationClaims())}` }),
      'Unauthorized. No authorization token was provided',
    ],
    ['text in place of a token', () => ({ cookie: `authorization=nonsense; user-info=nonsense` }), 'Unauthorized: Not enough segments'],
    ['a broken token header', () => ({ cookie: 'authorization=a.b.c; user-info=a.b.c' }), 'Unauthorized: Invalid header padding'],
  ])('answers 401 to %s', async (_what, headers, message) => {
    const reply = await create(headers());
    expect([reply.status, reply.json()]).toEqual([401, { message }]);
  });

  it('verifies both tokens with the key that the authorization token names', async () => {
    keySet.addKey('key-2');
    const authorization = keySet.sign(keySet.authorizationClaims());
    const userInfo = keySet.sign(keySet.userInfoClaims(), { keyid: 'key-2' });
    const reply = await create({ cookie: `authorization=${authorization}; user-info=${userInfo}` });
    expect([reply.status, reply.json()]).toEqual([401, { message: 'Unauthorized: Signature verification failed' }]);
  });

  it('ignores an Authorization header beside good cookies', async () => {
    const reply = await create({ ...cookieHeader(), authorization: 'Bearer nonsense' });
    expect(reply.status).toBe(200);
  });

  it('checks content type, JSON and body before the cookies', async () => {
    const send = (body: string, type?: string) => file.http.send('POST', '/jobs', { body, headers: type ? { 'content-type': type } : {} });
    expect((await send('{"jobs":[]}')).status).toBe(415);
    expect((await send('{', 'application/json')).status).toBe(400);
    expect((await send('{"jobs":[{"operation":"ADD"}]}', 'application/json')).status).toBe(400);
    expect((await send('{"jobs":[]}', 'application/json')).status).toBe(401);
  });

  it('creates nothing when the cookies are refused', async () => {
    const target = freshTarget();
    expect((await create(cookieHeader({ authorization: { exp: past } }), target)).status).toBe(401);
    expect(await file.compat.list(`/targets/${target}/jobs`)).toEqual([]);
  });

  it('leaves every other route open to clients without cookies', async () => {
    const id = (await create(cookieHeader())).json<{ job_id: string }[]>()[0]!.job_id;
    expect((await file.http.put(`/jobs/${id}`, { status: 'initiated' })).status).toBe(200);
    expect((await file.http.post('/maintenance-status', { msg: 'open', paused: false })).status).toBe(200);
    expect((await file.http.delete('/importable-datasets/NONE')).status).toBe(404);
    for (const path of ['/jobs', `/jobs/${id}`, '/targets', '/targets/X/jobs', '/importable-datasets', '/maintenance-history']) {
      expect((await file.http.get(path)).status).toBe(200);
    }
  });

  it('fails the item of a BUMP with its own message while BUMP_ENABLED is not set', async () => {
    const manifesto = { version: '2', description: 'd', releaseTime: 1, languageCode: 'no', updateType: null, dataStructureUpdates: [] };
    const item = {
      operation: 'BUMP',
      target: 'DATASTORE',
      description: 'd',
      bumpManifesto: manifesto,
      bumpFromVersion: '1',
      bumpToVersion: '2',
    };
    const reply = await file.http.post('/jobs', { jobs: [item] }, cookieHeader());
    const expected = [{ status: 'FAILED', msg: 'FAILED: Bumping the datastore is disabled', reason: expect.any(String) }];
    expect([reply.status, reply.json()]).toEqual([200, expected]);
  });
});

describe('another stack or another key set (contract 2)', () => {
  let keySet: StubKeySet;
  beforeAll(async () => {
    keySet = await StubKeySet.start();
  });
  afterAll(() => keySet.stop());

  it('asks for the audience datastore-qa where STACK is qa, and answers 503 with Retry-After while no key can be had', async () => {
    keySet.failing = true;
    await withService({ env: { ...keySet.environment, STACK: 'qa' } }, async ({ http }) => {
      const send = (aud: string) =>
        http.post('/jobs', { jobs: [{ operation: 'ADD', target: freshTarget() }] }, { cookie: keySet.cookies({ authorization: { aud } }) });
      const unavailable = await send('datastore-qa');
      expect([unavailable.status, typeof unavailable.json<{ message: unknown }>().message]).toEqual([503, 'string']);
      expect(Number(unavailable.headers['retry-after'])).toBeGreaterThan(0);
      keySet.failing = false;
      let reply = await send('datastore-qa');
      while (reply.status === 503) reply = await send('datastore-qa');
      expect(reply.status).toBe(200);
      expect((await send('datastore')).json()).toEqual({ message: 'Unauthorized: Invalid audience' });
    });
  }, 90_000);
});
