import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jsonwebtoken from 'jsonwebtoken';
import { ensureAdminToken } from '../../src/auth/issuer/admin-token.js';
import { ensureEmbeddedIssuer, existingEmbeddedIssuer, IssuerKeyError } from '../../src/auth/issuer/embedded-issuer.js';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'signalbox-issuer-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

const keyPath = () => join(dataDir, 'keys', 'issuer.pem');
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

describe('ensureEmbeddedIssuer', () => {
  it('makes a key that only its owner may read, and keeps it', async () => {
    const first = await ensureEmbeddedIssuer(dataDir);
    const second = await ensureEmbeddedIssuer(dataDir);
    expect(second.jwk).toEqual(first.jwk);
    expect(await modeOf(keyPath())).toBe(0o600);
    expect(await modeOf(join(dataDir, 'keys'))).toBe(0o700);
    expect(await readdir(join(dataDir, 'keys'))).toEqual(['issuer.pem']);
  });

  it('makes one key for many that start at once', async () => {
    const issuers = await Promise.all(Array.from({ length: 4 }, () => ensureEmbeddedIssuer(dataDir)));
    expect(new Set(issuers.map(({ jwk }) => jwk.kid)).size).toBe(1);
    expect(await readdir(join(dataDir, 'keys'))).toEqual(['issuer.pem']);
  });

  it('is not disturbed by what a crash left behind', async () => {
    await mkdir(join(dataDir, 'keys'));
    await writeFile(`${keyPath()}.f3b2.tmp`, '-----BEGIN PRIV');
    expect((await ensureEmbeddedIssuer(dataDir)).jwk.kid).toMatch(/^[\w-]{43}$/);
  });

  it('closes a key that others may read', async () => {
    await ensureEmbeddedIssuer(dataDir);
    await chmod(keyPath(), 0o644);
    await ensureEmbeddedIssuer(dataDir);
    expect(await modeOf(keyPath())).toBe(0o600);
  });

  it('says what to do about a file that is no key', async () => {
    await mkdir(join(dataDir, 'keys'));
    await writeFile(keyPath(), 'garbage');
    await expect(ensureEmbeddedIssuer(dataDir)).rejects.toThrow(IssuerKeyError);
    await expect(ensureEmbeddedIssuer(dataDir)).rejects.toThrow(/Restore it from a backup, or delete it/);
  });

  it('says what to do about a folder that is none', async () => {
    await writeFile(join(dataDir, 'keys'), '');
    await expect(ensureEmbeddedIssuer(dataDir)).rejects.toThrow(/issuer.pem cannot be used \(ENOTDIR\). It must belong to/);
  });

  it('names its key by the thumbprint of RFC 7638', async () => {
    await mkdir(join(dataDir, 'keys'));
    await ensureEmbeddedIssuer(dataDir);
    const { n, e, kid } = (await existingEmbeddedIssuer(dataDir))!.jwk;
    const digest = await crypto.subtle.digest('SHA-256', Buffer.from(`{"e":"${e}","kty":"RSA","n":"${n}"}`));
    expect(kid).toBe(Buffer.from(digest).toString('base64url'));
  });
});

it('existingEmbeddedIssuer makes no key', async () => {
  expect(await existingEmbeddedIssuer(dataDir)).toBeNull();
  expect(await readdir(dataDir)).toEqual([]);
});

describe('ensureAdminToken', () => {
  const held = async () => (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();
  const ensure = async (maxAgeSeconds: number | null = null, profile = { rolesClaim: 'roles', datasetsClaim: 'datasets', typ: 'JWT' }) =>
    ensureAdminToken({ dataDir, issuer: await ensureEmbeddedIssuer(dataDir, profile), maxAgeSeconds });

  it('writes a token of 30 days that only its owner may read, and leaves it while it lasts', async () => {
    expect(await ensure()).toBe(true);
    const token = await held();
    expect(jsonwebtoken.decode(token)).toMatchObject({ sub: 'admin', roles: ['admin'] });
    expect(await modeOf(join(dataDir, 'admin-token'))).toBe(0o600);
    expect(await ensure()).toBe(false);
    expect(await held()).toBe(token);
  });

  it('renews one that is about to expire', async () => {
    const issuer = await ensureEmbeddedIssuer(dataDir);
    const old = issuer.signToken({ sub: 'admin', name: 'a', roles: ['admin'], expiresInSeconds: 86_400 });
    await writeFile(join(dataDir, 'admin-token'), old);
    expect(await ensure()).toBe(true);
    expect(await held()).not.toBe(old);
  });

  it('renews one that was cut, or signed with another key', async () => {
    await writeFile(join(dataDir, 'admin-token'), 'eyJhb');
    expect(await ensure()).toBe(true);
    await rm(keyPath());
    expect(await ensure()).toBe(true);
    expect(await ensure()).toBe(false);
  });

  it('renews one that the settings would no longer let in', async () => {
    expect(await ensure()).toBe(true);
    expect(await ensure(null, { rolesClaim: 'groups', datasetsClaim: 'datasets', typ: 'JWT' })).toBe(true);
    expect(await ensure(null, { rolesClaim: 'groups', datasetsClaim: 'datasets', typ: 'at+jwt' })).toBe(true);
    expect(await ensure(3_600, { rolesClaim: 'groups', datasetsClaim: 'datasets', typ: 'at+jwt' })).toBe(false);
    const { exp, iat } = jsonwebtoken.decode(await held()) as { exp: number; iat: number };
    expect(exp - iat).toBe(2_592_000);
  });

  it('lives no longer than the service accepts', async () => {
    expect(await ensure(3_600)).toBe(true);
    const { exp, iat } = jsonwebtoken.decode(await held()) as { exp: number; iat: number };
    expect(exp - iat).toBe(3_600);
  });
});
