import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { keySetReader } from '../../src/auth/keys/key-set-reader.js';
import { KeyServer } from './key-server.js';
import { Signer } from './signer.js';

const rsa = new Signer('rsa');
const elliptic = new Signer('ec', 'ec');
let server: KeyServer;

beforeAll(async () => {
  server = await KeyServer.start();
});
afterAll(() => server.stop());
beforeEach(() => {
  Object.assign(server, { status: 200, headers: {}, silent: false });
});

const read = async () => (await keySetReader(server.url)()).map(({ kid, algorithms }) => [kid, ...algorithms]);

/** Reads a set with these keys beside a good one, and expects only the good one. */
const expectRefused = async (...keys: unknown[]) => {
  server.answer = { keys: [...keys, rsa.jwk()] };
  expect(await read()).toEqual([['rsa', 'RS256', 'RS512']]);
};

describe('the keys of a set', () => {
  it('are taken for what their type and alg fit', async () => {
    server.answer = { keys: [rsa.jwk(), elliptic.jwk({ alg: 'ES256' }), rsa.jwk({ kid: 'a', alg: 'RS256', use: undefined })] };
    expect(await read()).toEqual([
      ['rsa', 'RS256', 'RS512'],
      ['ec', 'ES256'],
      ['a', 'RS256'],
    ]);
  });

  it('are refused when private', () => expectRefused(new Signer('p').privateJwk(), new Signer('q', 'ec').privateJwk()));
  it('are refused when symmetric', () => expectRefused({ kty: 'oct', k: 'c2VjcmV0', kid: 's', alg: 'HS256' }));
  it('are refused for another use', () => expectRefused(rsa.jwk({ kid: 'e', use: 'enc' }), rsa.jwk({ kid: 'o', key_ops: ['encrypt'] })));
  it('are refused for another algorithm', () =>
    expectRefused(rsa.jwk({ kid: 'x', alg: 'PS256' }), rsa.jwk({ kid: 'y', alg: 'RSA-OAEP' }), rsa.jwk({ kid: 'z', alg: 'ES256' })));
  it('are refused without a name', () => expectRefused(rsa.jwk({ kid: undefined }), rsa.jwk({ kid: 7 })));
  it('are refused when they are none', () =>
    expectRefused(null, 'key', { kty: 'RSA', kid: 'n' }, { kty: 'RSA', kid: 'm', n: '!', e: 'AQAB' }));

  it('are refused when too short or of another curve', async () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' });
    const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
    await expectRefused({ ...short, kid: 's' }, { ...other, kid: 'o' });
  });
});

describe('a set is not taken', () => {
  it('without a usable key', async () => {
    server.answer = { keys: [rsa.jwk({ alg: 'PS256' })] };
    await expect(read()).rejects.toThrow('no key for RS256');
    server.answer = { keys: [] };
    await expect(read()).rejects.toThrow();
  });

  it.each([['<html>'], ['null'], ['{}'], ['{"keys":{}}'], ['[]']])('when the answer is %s', async (answer) => {
    server.answer = answer;
    await expect(read()).rejects.toThrow();
  });

  it('with more than 100 keys', async () => {
    server.answer = { keys: Array.from({ length: 101 }, (_, index) => rsa.jwk({ kid: `k${index}` })) };
    await expect(read()).rejects.toThrow('more than 100 keys');
  });

  it('of more than 256 KiB', async () => {
    server.answer = { keys: [rsa.jwk({ padding: 'x'.repeat(262_144) })] };
    await expect(read()).rejects.toThrow('larger than 262144 bytes');
  });

  it('from an error or from elsewhere', async () => {
    server.answer = { keys: [rsa.jwk()] };
    server.status = 500;
    await expect(read()).rejects.toThrow('status 500');
    server.status = 302;
    server.headers = { location: server.url };
    await expect(read()).rejects.toThrow();
  });

  it('after 3 s', async () => {
    server.silent = true;
    const startedAt = performance.now();
    await expect(read()).rejects.toThrow();
    expect(performance.now() - startedAt).toBeLessThan(4_500);
  });
});
