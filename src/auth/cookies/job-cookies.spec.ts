import { describe, expect, it } from '@jest/globals';
import { HttpAdapterHost } from '@nestjs/core';
import { inSeconds, KnownKeys, Signer } from '../../../test/auth/signer.js';
import { readSettings } from '../../config/settings.js';
import { KeysUnavailableError } from '../auth.errors.js';
import { KeySource } from '../keys/key-source.js';
import { type Cookies, JobCookies } from './job-cookies.js';

const provider = new Signer('k1');
const stranger = new Signer('k1');
const second = new Signer('k2');
const keys = new KnownKeys(
  [provider, second].map(({ kid, publicKey }) => ({ kid, key: publicKey, algorithms: ['RS256', 'RS512'] as const })),
);

const cookiesWith = (env: NodeJS.ProcessEnv = {}, source: KeySource = keys): JobCookies =>
  new JobCookies(source, readSettings(env), new HttpAdapterHost());
const jobCookies = cookiesWith();

const admin = { aud: 'datastore', sub: 'u-17', 'accreditation/role': 'role/dataadministrator', 'user/uuid': 'u-17', exp: inSeconds(600) };
const user = { 'user/uuid': 'u-17', 'user/firstName': 'Kari', 'user/lastName': 'Lie' };
const authorization = provider.sign(admin);
const userInfo = provider.sign(user);

/** Undefined claims are left out of the token. */
const token = (claims: Record<string, unknown>, signer = provider, header = {}): string => signer.sign(claims, header);
const withAuthorization = (value: string): Cookies => ({ authorization: value, 'user-info': userInfo });
const withUserInfo = (value: string): Cookies => ({ authorization, 'user-info': value });
const adminBut = (claims: Record<string, unknown>): Cookies => withAuthorization(token({ ...admin, ...claims }));
const userBut = (claims: Record<string, unknown>): Cookies => withUserInfo(token({ ...user, ...claims }));
const segments = (...parts: string[]): string => parts.map((part) => Buffer.from(part).toString('base64url')).join('.');

describe('two good cookies', () => {
  const kari = { userId: 'u-17', firstName: 'Kari', lastName: 'Lie' };

  it.each<[string, Cookies]>([
    ['as parsed', { authorization, 'user-info': userInfo }],
    [
      'signed with RS512',
      { authorization: token(admin, provider, { alg: 'RS512' }), 'user-info': token(user, provider, { alg: 'RS512' }) },
    ],
    ['with several audiences', adminBut({ aud: ['other', 'datastore'] })],
    ['without exp', adminBut({ exp: undefined })],
    ['with an audience for somebody else on the user info', userBut({ aud: 'elsewhere' })],
    ['with another key id on the user info, for the authorization names the key', withUserInfo(token(user, provider, { kid: 'k9' }))],
    ['with an nbf within the tolerance', adminBut({ nbf: inSeconds(20) })],
  ])('%s name the user', async (_kind, cookies) => {
    await expect(jobCookies.verify(cookies)).resolves.toEqual(kari);
  });

  it('give every name as a text', async () => {
    const cookies = {
      authorization: token({ ...admin, 'user/uuid': 17 }),
      'user-info': token({ ...user, 'user/uuid': 17, 'user/firstName': 5 }),
    };
    await expect(jobCookies.verify(cookies)).resolves.toEqual({ userId: '17', firstName: '5', lastName: 'Lie' });
  });

  it('are for datastore-qa when STACK is exactly qa', async () => {
    const cookies = adminBut({ aud: 'datastore-qa' });
    await expect(cookiesWith({ STACK: 'qa' }).verify(cookies)).resolves.toEqual(kari);
    await expect(cookiesWith({ STACK: 'QA' }).verify(cookies)).rejects.toMatchObject({ message: 'Unauthorized: Invalid audience' });
    await expect(cookiesWith({ STACK: 'qa' }).verify(adminBut({}))).rejects.toMatchObject({ message: 'Unauthorized: Invalid audience' });
  });
});

describe('contracts/jobs.md section 2', () => {
  const missing = (claim: string): string => `Unauthorized: Token is missing the "${claim}" claim`;

  it.each<[string, Cookies, string]>([
    ['no cookies', undefined, 'Unauthorized. No authorization token was provided'],
    ['other cookies', { theme: 'dark' }, 'Unauthorized. No authorization token was provided'],
    ['no authorization cookie', { 'user-info': userInfo }, 'Unauthorized. No authorization token was provided'],
    ['no user-info cookie', { authorization }, 'Unauthorized. No user info token was provided'],
    ['no user-info cookie beside a broken authorization', { authorization: 'x' }, 'Unauthorized. No user info token was provided'],
    ['an empty authorization cookie', withAuthorization(''), 'Unauthorized: Not enough segments'],
    ['one segment', withAuthorization('garbage'), 'Unauthorized: Not enough segments'],
    ['two segments', withAuthorization('a.b'), 'Unauthorized: Not enough segments'],
    ['a header that is no base64', withAuthorization('a.b.c'), 'Unauthorized: Invalid header padding'],
    ['a header that is no JSON', withAuthorization(segments('x', '{}', 's')), 'Unauthorized: Invalid header string: not JSON'],
    ['a header that is a list', withAuthorization(segments('[]', '{}', 's')), 'Unauthorized: Invalid header string: must be a json object'],
    ['a malformed user info', withUserInfo('a.b.c'), 'Unauthorized: Invalid header padding'],
    [
      'a payload that is no object',
      withAuthorization(segments('{"alg":"RS256","kid":"k1"}', '7', 's')),
      'Unauthorized: Invalid payload string: must be a json object',
    ],
    ['a wrong signature on the authorization', withAuthorization(token(admin, stranger)), 'Unauthorized: Signature verification failed'],
    ['a wrong signature on the user info', withUserInfo(token(user, stranger)), 'Unauthorized: Signature verification failed'],
    ['a user info signed with another known key', withUserInfo(token(user, second)), 'Unauthorized: Signature verification failed'],
    ['an expired authorization', adminBut({ exp: inSeconds(-1) }), 'Unauthorized: Signature has expired'],
    ['an expired user info', userBut({ exp: inSeconds(-1) }), 'Unauthorized: Signature has expired'],
    ['an exp that is no number', adminBut({ exp: 'soon' }), 'Unauthorized: Expiration Time claim (exp) must be an integer.'],
    ['an nbf that is null', adminBut({ nbf: null }), 'Unauthorized: Not Before claim (nbf) must be an integer.'],
    ['another audience', adminBut({ aud: 'datastore-qa' }), 'Unauthorized: Invalid audience'],
    ['other audiences', adminBut({ aud: ['a', 'b'] }), 'Unauthorized: Invalid audience'],
    ['an audience that is no text', adminBut({ aud: [7] }), 'Unauthorized: Invalid claim format in token'],
    ['no audience', adminBut({ aud: undefined }), missing('aud')],
    ['an empty list of audiences', adminBut({ aud: [] }), missing('aud')],
    ['a null audience', adminBut({ aud: null }), missing('aud')],
    ['no sub', adminBut({ sub: undefined }), missing('sub')],
    ['no role', adminBut({ 'accreditation/role': undefined }), missing('accreditation/role')],
    ['no uuid in the authorization', adminBut({ 'user/uuid': undefined }), missing('user/uuid')],
    ['a null uuid in the authorization', adminBut({ 'user/uuid': null }), missing('user/uuid')],
    ['no uuid in the user info', userBut({ 'user/uuid': undefined }), missing('user/uuid')],
    ['no first name', userBut({ 'user/firstName': undefined }), missing('user/firstName')],
    ['no last name', userBut({ 'user/lastName': undefined }), missing('user/lastName')],
    ['another role', adminBut({ 'accreditation/role': 'role/researcher' }), "Can't start job with role: role/researcher"],
    [
      'another role beside a broken user info',
      { authorization: token({ ...admin, 'accreditation/role': 'role/researcher' }), 'user-info': 'x' },
      "Can't start job with role: role/researcher",
    ],
    ['another uuid', userBut({ 'user/uuid': 'u-18' }), 'Token mismatch'],
    [
      'the same uuid as a number',
      { authorization: token({ ...admin, 'user/uuid': '17' }), 'user-info': token({ ...user, 'user/uuid': 17 }) },
      'Token mismatch',
    ],
    [
      'an unknown kid',
      withAuthorization(token(admin, provider, { kid: 'k9' })),
      'Unauthorized: Unable to find a signing key that matches the token',
    ],
    [
      'no kid',
      withAuthorization(token(admin, provider, { kid: undefined })),
      'Unauthorized: Unable to find a signing key that matches the token',
    ],
    ['RS384', withAuthorization(token(admin, provider, { alg: 'RS384' })), 'Unauthorized: The specified alg value is not allowed'],
    [
      'HS256 with the public key',
      withAuthorization(provider.signedWithPublicKey(admin)),
      'Unauthorized: The specified alg value is not allowed',
    ],
    ['HS256 on the user info', withUserInfo(provider.signedWithPublicKey(user)), 'Unauthorized: The specified alg value is not allowed'],
    ['no signature', withAuthorization(provider.unsigned(admin)), 'Unauthorized: The specified alg value is not allowed'],
    ['an nbf in the future', adminBut({ nbf: inSeconds(120) }), 'Unauthorized: The token is not yet valid (nbf)'],
    ['an iat in the future', userBut({ iat: inSeconds(120) }), 'Unauthorized: The token is not yet valid (iat)'],
  ])('answers 401 for %s', async (_case, cookies, message) => {
    await expect(jobCookies.verify(cookies)).rejects.toMatchObject({ name: 'CompatError', status: 401, message });
  });
});

describe('keys that cannot be read', () => {
  const away = new (class extends KeySource {
    override find = () => Promise.reject(new KeysUnavailableError(4));
    override keySetAgeSeconds = () => null;
  })();

  it('are 503 with Retry-After', async () => {
    await expect(cookiesWith({}, away).verify({ authorization, 'user-info': userInfo })).rejects.toMatchObject({
      name: 'CompatError',
      status: 503,
      headers: { 'Retry-After': '4' },
    });
  });

  it('do not matter to what is wrong without them', async () => {
    await expect(cookiesWith({}, away).verify({ authorization })).rejects.toMatchObject({ status: 401 });
    await expect(cookiesWith({}, away).verify(withAuthorization('garbage'))).rejects.toMatchObject({ status: 401 });
  });
});

it('names the test user whatever is sent when JWT_AUTH is false', async () => {
  const open = cookiesWith({ JWT_AUTH: 'false', COMPAT_AUTH: 'reference' });
  await expect(open.verify(undefined)).resolves.toEqual({ userId: '1234-1234-1234-1234', firstName: 'Test', lastName: 'User' });
});
