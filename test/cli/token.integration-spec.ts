import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jsonwebtoken from 'jsonwebtoken';
import { type EmbeddedIssuer, ensureEmbeddedIssuer } from '../../src/auth/issuer/embedded-issuer.js';
import { runCommandLine } from '../../src/cli/command-line.js';

let dataDir: string;
let issuer: EmbeddedIssuer;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'signalbox-cli-'));
  issuer = await ensureEmbeddedIssuer(dataDir);
});
afterEach(() => rm(dataDir, { recursive: true }));

/** Runs a command line and gives its exit code and what it printed. */
async function run(line: string, env: NodeJS.ProcessEnv = { DATA_DIR: dataDir }) {
  let out = '';
  let err = '';
  const code = await runCommandLine(line.split(' '), { env, out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

const claimsOf = (token: string) =>
  jsonwebtoken.verify(token.trim(), issuer.publicKey, { algorithms: ['RS256'] }) as jsonwebtoken.JwtPayload;

describe('signalbox token create', () => {
  it('prints one token on stdout and nothing else', async () => {
    const { code, out, err } = await run('token create --role worker');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const { exp, iat, ...claims } = claimsOf(out);
    expect(claims).toEqual({ iss: 'signalbox-embedded', aud: 'signalbox', sub: 'worker', name: 'worker', roles: ['worker'] });
    expect(exp! - iat!).toBe(30 * 86_400);
  });

  it('takes subject, name, several roles, a life time and the folder', async () => {
    const line = `token create --role worker --role pipeline --subject imp-3 --name Importer --expires 12h --data-dir ${dataDir}`;
    const { exp, iat, ...claims } = claimsOf((await run(line, {})).out);
    expect(claims).toMatchObject({ sub: 'imp-3', name: 'Importer', roles: ['worker', 'pipeline'] });
    expect(exp! - iat!).toBe(43_200);
  });

  it('signs what the settings of the service ask for', async () => {
    const { out } = await run('token create --role reader', { DATA_DIR: dataDir, JWT_ROLES_CLAIM: 'groups', JWT_TYP: 'at+jwt' });
    expect(jsonwebtoken.decode(out.trim(), { complete: true })).toMatchObject({
      header: { typ: 'at+jwt' },
      payload: { groups: ['reader'] },
    });
  });

  it('prints the two cookies of the old job API', async () => {
    const { out } = await run('token create --cookies --subject u-17 --first-name Kari --last-name Lie', {
      DATA_DIR: dataDir,
      STACK: 'qa',
    });
    const [, authorization, userInfo] = /^authorization=(\S+); user-info=(\S+)\n$/.exec(out) ?? [];
    expect(claimsOf(authorization!)).toMatchObject({
      aud: 'datastore-qa',
      'accreditation/role': 'role/dataadministrator',
      'user/uuid': 'u-17',
    });
    expect(claimsOf(userInfo!)).toMatchObject({ 'user/uuid': 'u-17', 'user/firstName': 'Kari', 'user/lastName': 'Lie' });
  });

  it.each([
    ['token create', /Name a role: --role reader\|worker/],
    ['token create --role wizard', /Allowed choices are reader, worker/],
    ['token create --role worker --expires soon', /Write a time such as/],
    ['token create --role worker --expires 367d', /at most 366d/],
    ['token create --role worker --expires 0s', /Write a time such as/],
    ['token create --role worker --cookies', /leave --role out/],
    ['token create --role worker --colour red', /unknown option '--colour'/],
    ['token make', /unknown command 'make'/],
    ['tokens', /unknown command 'tokens'/],
  ])('"%s" is a wrong use: exit 2, told on stderr', async (line, text) => {
    const { code, out, err } = await run(line);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(text);
  });

  it('makes no key in a folder without one: exit 4 and what to do', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'signalbox-cli-'));
    const { code, out, err } = await run('token create --role worker', { DATA_DIR: empty });
    expect({ code, out }).toEqual({ code: 4, out: '' });
    expect(err).toContain('Start the service once, or name its folder with --data-dir.');
    expect(await readdir(empty)).toEqual([]);
    await rm(empty, { recursive: true });
  });

  it('does not sign for a service whose tokens come from an identity provider', async () => {
    const env = { DATA_DIR: dataDir, JWKS_URL: 'https://login.example/keys', JWT_ISSUER: 'i', JWT_AUDIENCE: 'a' };
    const { code, err } = await run('token create --role worker', env);
    expect(code).toBe(2);
    expect(err).toContain('identity provider');
  });

  it('names every wrong setting: exit 2', async () => {
    const { code, err } = await run('token create --role worker', { DATA_DIR: dataDir, PORT: 'x' });
    expect(code).toBe(2);
    expect(err).toContain('PORT');
  });
});

it.each(['--help', 'token --help', 'token create --help'])('"%s" explains on stdout: exit 0', async (line) => {
  const { code, out, err } = await run(line);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^Usage: signalbox /);
});
