import { describe, expect, it } from '@jest/globals';
import { inSeconds, KnownKeys, Signer } from '../../test/auth/signer.js';
import { KeysUnavailableError } from './auth.errors.js';
import { BearerVerifier } from './bearer-verifier.js';
import { KeySource } from './keys/key-source.js';
import type { TokenRules } from './token-claims.js';

const provider = new Signer('k1');
const elliptic = new Signer('k2', 'ec');
const stranger = new Signer('k1');
const keys = new KnownKeys([
  { kid: 'k1', key: provider.publicKey, algorithms: ['RS256', 'RS512'] },
  { kid: 'k2', key: elliptic.publicKey, algorithms: ['ES256'] },
  { kid: 'rs512', key: provider.publicKey, algorithms: ['RS512'] },
]);
const rules: TokenRules = {
  issuer: 'https://login.example',
  audience: 'signalbox',
  rolesClaim: 'roles',
  datasetsClaim: 'datasets',
  typ: null,
  maxAgeSeconds: null,
};
const verifier = new BearerVerifier(keys, rules);

const good = { iss: 'https://login.example', aud: 'signalbox', sub: 'worker-1', roles: ['worker'], exp: inSeconds(600) };
const without = (claim: keyof typeof good): Record<string, unknown> => ({ ...good, [claim]: undefined });
const signed = (claims: Record<string, unknown>): string => provider.sign(claims);

const refused = (code: string, message: string | RegExp) =>
  expect.objectContaining({ code, message: typeof message === 'string' ? message : expect.stringMatching(message) });

describe('a good token', () => {
  it.each(['ds', { 0: 'ds' }, true, null])('writes no dataset by the claim %j, which is no array', async (datasets) => {
    expect(await verifier.verify(provider.sign({ ...good, datasets }))).toMatchObject({ datasets: [] });
  });

  it('gives its principal: issuer and subject, name, roles, the strongest role, datasets', async () => {
    const token = provider.sign({ ...good, name: 'Worker One', roles: ['worker', 'reader', 'baker'], datasets: ['ds', 7, '*'] });
    expect(await verifier.verify(token)).toEqual({
      id: 'https://login.example|worker-1',
      name: 'Worker One',
      roles: ['reader', 'worker'],
      datasets: ['ds', '*'],
      role: 'worker',
      endsAtMs: (good.exp + 30) * 1_000,
    });
  });

  it('may be signed with ES256, name several audiences, and have its roles in a text', async () => {
    const token = elliptic.sign({ ...good, aud: ['other', 'signalbox'], roles: 'pipeline operator' });
    expect(await verifier.verify(token)).toMatchObject({ name: 'worker-1', roles: ['pipeline', 'operator'], role: 'operator' });
  });

  it('may have expired less than 30 s ago, for clocks differ', async () => {
    await expect(verifier.verify(provider.sign({ ...good, exp: inSeconds(-20) }))).resolves.toMatchObject({ role: 'worker' });
  });

  it('may have no roles: then it has no strongest one', async () => {
    expect(await verifier.verify(provider.sign({ ...good, roles: { worker: true } }))).toMatchObject({ roles: [], role: null });
  });

  it('has its name freed of invisible characters', async () => {
    expect(await verifier.verify(provider.sign({ ...good, name: 'a\u202eb\nc' }))).toMatchObject({ name: 'abc' });
  });
});

describe('a token of a wrong kind', () => {
  it.each([
    ['with alg none', provider.unsigned(good), /^The token must be signed with RS256 or ES256/],
    ['signed by HMAC with the public key', provider.signedWithPublicKey(good), /^The token must be signed with RS256 or ES256/],
    ['signed with RS512', provider.sign(good, { alg: 'RS512' }), /^The token must be signed with RS256 or ES256/],
    ['signed with a key meant for RS512', provider.sign(good, { kid: 'rs512' }), 'The key of the token is not meant for RS256.'],
    ['signed with an RSA key that it calls elliptic', provider.sign(good, { kid: 'k2' }), 'The key of the token is not meant for RS256.'],
    ['signed by a stranger under a known key id', stranger.sign(good), 'The signature of the token does not fit its key.'],
    ['that names an unknown key', provider.sign(good, { kid: 'k9' }), 'The token was signed with a key that is not known here.'],
    ['that names no key', provider.sign(good, { kid: undefined }), 'The header of the token names no key (kid).'],
    ['that brings its key along', stranger.sign(good, { jwk: stranger.jwk() }), 'The signature of the token does not fit its key.'],
    ['that brings only its key along', stranger.sign(good, { jwk: stranger.jwk(), kid: undefined }), /names no key/],
    ['that links to its keys', stranger.sign(good, { jku: 'https://evil.example/jwks', x5u: 'https://evil.example/c' }), /does not fit/],
    ['with critical extensions', provider.sign(good, { crit: ['b64'], b64: false }), /extensions/],
    ['of another issuer', signed({ ...good, iss: 'https://other.example' }), /^The token comes from another issuer/],
    ['without issuer', signed(without('iss')), /^The token comes from another issuer/],
    ['for another audience', signed({ ...good, aud: 'signalbox2' }), /^The token is not meant for this service/],
    ['without audience', signed(without('aud')), /^The token is not meant for this service/],
    ['without exp', signed(without('exp')), /^The token has no exp claim/],
    ['without sub', signed(without('sub')), 'The token has no sub claim.'],
    ['with an empty sub', signed({ ...good, sub: '' }), 'The token has no sub claim.'],
    ['with a sub of control characters', signed({ ...good, sub: 'a\u0000b' }), /visible characters/],
    ['with an endless sub', signed({ ...good, sub: 'x'.repeat(256) }), /at most 255/],
    ['that is not valid yet', signed({ ...good, nbf: inSeconds(120) }), 'The token is not valid yet.'],
    ['that was issued in the future', signed({ ...good, iat: inSeconds(120) }), 'The iat claim of the token lies in the future.'],
    ['with changed claims', provider.withForeignSignature(good), 'The signature of the token does not fit its key.'],
    ['with claims that are a text', provider.withForeignSignature('claims'), /^The (token|signature)/],
    ['without signature', provider.sign(good).replace(/[^.]*$/, ''), 'The token is not a signed JWT.'],
    ['that is encrypted', `${provider.sign(good)}.e.f`, 'The token is not a signed JWT.'],
    ['that is garbage', 'garbage', 'The token is not a signed JWT.'],
    ['that is garbage in three parts', 'a.b.c', 'The token is not a signed JWT.'],
    ['whose header is null', `${Buffer.from('null').toString('base64url')}.b.c`, 'The token is not a signed JWT.'],
  ])('%s is refused', async (_kind, token, message) => {
    await expect(verifier.verify(token)).rejects.toEqual(refused('AUTH.TOKEN_INVALID', message));
  });

  it('that expired is told apart', async () => {
    await expect(verifier.verify(provider.sign({ ...good, exp: inSeconds(-31) }))).rejects.toEqual(
      refused('AUTH.TOKEN_EXPIRED', 'The token has expired.'),
    );
  });

  it('names the challenge of RFC 6750', async () => {
    await expect(verifier.verify('garbage')).rejects.toMatchObject({
      headers: { 'WWW-Authenticate': expect.stringMatching(/^Bearer realm="signalbox", error="invalid_token"/) },
    });
  });
});

describe('optional rules', () => {
  const strict = new BearerVerifier(keys, { ...rules, typ: 'at+jwt', maxAgeSeconds: 60 });
  const access = { typ: 'application/AT+JWT' };

  it('take a token of the required type, in any spelling, while it is young', async () => {
    await expect(strict.verify(provider.sign({ ...good, iat: inSeconds(-50) }, access))).resolves.toMatchObject({ role: 'worker' });
  });

  it('refuse an ID token', async () => {
    await expect(strict.verify(provider.sign(good))).rejects.toEqual(
      refused('AUTH.TOKEN_INVALID', 'The token must be of the type at+jwt.'),
    );
  });

  it('refuse a token that is too old though not expired', async () => {
    const old = provider.sign({ ...good, iat: inSeconds(-120) }, access);
    await expect(strict.verify(old)).rejects.toEqual(refused('AUTH.TOKEN_EXPIRED', 'The token is older than 60 seconds.'));
  });

  it('refuse a token that does not tell its age', async () => {
    await expect(strict.verify(provider.sign(good, access))).rejects.toEqual(refused('AUTH.TOKEN_INVALID', /^The token has no iat claim/));
  });

  it('read the roles from the configured claim', async () => {
    const renamed = new BearerVerifier(keys, { ...rules, rolesClaim: 'https://example.org/roles' });
    const token = provider.sign({ ...good, 'https://example.org/roles': ['admin'] });
    expect(await renamed.verify(token)).toMatchObject({ roles: ['admin'] });
  });
});

it('passes an outage of the key set on as an outage, not as a failed login', async () => {
  const away = new (class extends KeySource {
    override find = () => Promise.reject(new KeysUnavailableError(2));
    override keySetAgeSeconds = () => null;
  })();
  await expect(new BearerVerifier(away, rules).verify(provider.sign(good))).rejects.toMatchObject({
    code: 'AUTH.KEYS_UNAVAILABLE',
    kind: 'unavailable',
    retryAfterSeconds: 2,
  });
});
