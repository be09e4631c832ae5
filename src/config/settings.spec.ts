import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readSettings, SettingsError } from './settings.js';

const url = 'mongodb://db.example:27017/jobs?replicaSet=rs';

/** The problems of an environment; empty when it is usable. */
function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readSettings(env);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return (error as SettingsError).problems;
  }
}

describe('readSettings', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-settings-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const fileOf = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  it('needs nothing, and listens on this machine only with its own database', () => {
    expect(readSettings({})).toMatchObject({ host: '127.0.0.1', port: 8000, mongodbUrl: null, compatAuth: 'strict', jwtAuth: true });
    expect(readSettings({ MONGODB_URL: url })).toMatchObject({ host: '0.0.0.0', mongodbDatabase: 'jobs', mongodbUrl: url });
  });

  it.each([
    ['PORT', ['0', '65535'], ['-1', '65536', '8000.5', 'http', '', ' 1']],
    [
      'MONGODB_URL',
      [url, 'mongodb+srv://db.example/x', 'mongodb://[::1]:27017'],
      ['http://db', 'db:27017', '', 'mongodb://', 'mongodb://a:b:c@h/x', 'mongodb://h:99999', 'mongodb://h,/x', 'mongodb://h/a/b'],
    ],
    ['MONGODB_DATABASE', ['jobs', 'jobs-2'], ['', 'a/b', 'a.b', 'a b', 'x'.repeat(64)]],
    ['COMPAT_AUTH', ['strict', 'reference'], ['Strict', 'open', '']],
    ['JOBS_EXTRA_OPERATIONS', ['', 'REINDEX', 'A, B_2'], ['reindex', 'A;B', '2A', 'ADD', 'REINDEX,BUMP']],
    ['JOBS_MAX_FAILURES', ['1', '100'], ['0', '101', '']],
    ['JOBS_MAX_LOSSES', ['1', '100'], ['0', '101', 'x']],
    ['JOBS_STALE_SECONDS', ['1'], ['0', '1e3']],
    ['JWT_MAX_AGE_SECONDS', ['60'], ['0']],
    ['TRUSTED_PROXIES', ['10.0.0.0/8,::1', 'fd00::/8'], ['proxy.example', '999.1.1.1', '10.0.0.0/33', '10.0.0.0/8/8', '::1/129']],
    ['RATE_LIMIT_PER_SECOND', ['1'], ['0']],
    ['SHUTDOWN_GRACE_SECONDS', ['1', '600'], ['0', '601']],
    ['LOG_LEVEL', ['trace', 'error'], ['verbose', 'INFO']],
    ['LOG_FORMAT', ['json', 'pretty'], ['text', '']],
    ['HOST', ['::1'], ['']],
    ['DATA_DIR', ['x'], ['']],
  ])('takes good values of %s and names it for bad ones', (name, good, bad) => {
    for (const value of good) expect([value, problemsOf({ [name]: value })]).toEqual([value, []]);
    for (const value of bad) expect([value, problemsOf({ [name]: value })]).toEqual([value, [expect.stringMatching(`^${name} `)]]);
  });

  it('reads its switches as the original does: by one exact text', () => {
    for (const word of ['True', '1', 'yes', '']) expect(readSettings({ BUMP_ENABLED: word }).bumpEnabled).toBe(false);
    expect(readSettings({ BUMP_ENABLED: 'true' }).bumpEnabled).toBe(true);
    expect(readSettings({ JWT_AUTH: 'False' }).jwtAuth).toBe(true);
    expect(readSettings({ JWT_AUTH: 'false', COMPAT_AUTH: 'reference' }).jwtAuth).toBe(false);
  });

  it('does not quote a connection string, which may hold a password', () => {
    expect(problemsOf({ MONGODB_URL: 'mongodb://user:hunter2/x@h' }).join()).not.toContain('hunter2');
  });

  it('names every problem at once', () => {
    expect(problemsOf({ PORT: 'x', LOG_LEVEL: 'x', MONGODB_URL: 'x' })).toHaveLength(3);
  });

  it('names those of settings that do not fit each other beside those of single ones, and guesses none from a wrong value', () => {
    const [port, together] = [expect.stringMatching(/^PORT /), 'JWT_AUTH=false needs COMPAT_AUTH=reference'];
    expect(problemsOf({ PORT: 'abc', JWT_AUTH: 'false' })).toEqual([port, together]);
    expect(problemsOf({ COMPAT_AUTH: 'open', JWT_AUTH: 'false' })).toEqual([expect.stringMatching(/^COMPAT_AUTH /)]);
    expect(problemsOf({ JOBS_LEASE_SECONDS: 'x', JOBS_MIN_LEASE_SECONDS: '60' })).toEqual([expect.stringMatching(/^JOBS_LEASE_SECONDS /)]);
    expect(problemsOf({ JWKS_URL: 'https://keys.example', JWT_ISSUER: '', JWT_AUDIENCE: 'a' })).toEqual([
      expect.stringMatching(/^JWT_ISSUER /),
    ]);
    expect(problemsOf({ PORT: 'abc', MONGODB_URL: url, SECRETS_FILE: join(folder, 'none') })).toEqual([
      port,
      expect.stringMatching(/^SECRETS_FILE: /),
    ]);
  });

  it('refuses settings that do not fit each other', () => {
    expect(problemsOf({ JWKS_URL: 'https://keys.example' })).toEqual([expect.stringContaining('JWT_ISSUER and JWT_AUDIENCE')]);
    expect(problemsOf({ JWKS_URL: 'https://keys.example', JWT_ISSUER: 'i', JWT_AUDIENCE: 'a' })).toEqual([]);
    expect(problemsOf({ JWT_AUTH: 'false' })).toEqual(['JWT_AUTH=false needs COMPAT_AUTH=reference']);
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      expect(problemsOf({ JWKS_URL: `http://${host}:1`, JWT_ISSUER: 'i', JWT_AUDIENCE: 'a' })).toEqual([]);
    }
    expect(problemsOf({ JWKS_URL: 'http://keys.example' })).toEqual([expect.stringMatching(/^JWKS_URL must be https/)]);
  });

  it('reads secrets from files, without their last line end, and refuses both at once', () => {
    const file = fileOf('token', 's3cret\n');
    expect(readSettings({ METRICS_TOKEN_FILE: file }).metricsToken).toBe('s3cret');
    expect(readSettings({ MONGODB_URL_FILE: fileOf('url', `${url}\n`) }).mongodbUrl).toBe(url);
    expect(problemsOf({ METRICS_TOKEN: 'x', METRICS_TOKEN_FILE: file })).toEqual([expect.stringContaining('both set')]);
    expect(problemsOf({ METRICS_TOKEN_FILE: join(folder, 'none') })).toEqual([expect.stringContaining('ENOENT')]);
  });

  it('takes the receiver of OpenLineage without credentials in its address', () => {
    const key = fileOf('key', 's3cret\n');
    expect(readSettings({ OPENLINEAGE_URL: 'https://marquez.example', OPENLINEAGE_API_KEY_FILE: key })).toMatchObject({
      openlineageUrl: 'https://marquez.example',
      openlineageApiKey: 's3cret',
      openlineageNamespace: 'signalbox',
    });
    expect(problemsOf({ OPENLINEAGE_URL: 'https://user:pass@marquez.example' })).toEqual([expect.stringContaining('OPENLINEAGE_API_KEY')]);
    expect(problemsOf({ OPENLINEAGE_URL: 'kafka://marquez.example' })).toEqual([expect.stringContaining('https://')]);
  });

  it("takes user and password from the original's secrets file, where the address has none", () => {
    const file = fileOf('secrets.json', JSON.stringify({ MONGODB_USER: 'us/er', MONGODB_PASSWORD: 'p@ss:word' }));
    const parsed = new URL(readSettings({ MONGODB_URL: url, SECRETS_FILE: file }).mongodbUrl!);
    expect([decodeURIComponent(parsed.username), decodeURIComponent(parsed.password)]).toEqual(['us/er', 'p@ss:word']);
    expect(parsed.searchParams.get('authSource')).toBe('admin');
    expect(readSettings({ MONGODB_URL: 'mongodb://a:b@db/x', SECRETS_FILE: file }).mongodbUrl).toContain('a:b@');
    const broken = problemsOf({ MONGODB_URL: url, SECRETS_FILE: fileOf('broken.json', 'hunter2') });
    expect(broken).toEqual([expect.stringMatching(/^SECRETS_FILE: .*\(no JSON\)$/)]);
  });

  it('takes an address with several hosts beside a secrets file', () => {
    const file = fileOf('several.json', JSON.stringify({ MONGODB_USER: 'u', MONGODB_PASSWORD: 'p' }));
    const several = 'mongodb://a.example:27017,b.example:27017/jobs?replicaSet=rs';
    expect(readSettings({ MONGODB_URL: several })).toMatchObject({ mongodbUrl: several, mongodbDatabase: 'jobs' });
    const signedIn = 'mongodb://u:p@a.example:27017,b.example:27017/jobs?replicaSet=rs&authSource=admin';
    expect(readSettings({ MONGODB_URL: several, SECRETS_FILE: file }).mongodbUrl).toBe(signedIn);
    expect(readSettings({ MONGODB_URL: 'mongodb://a,b', SECRETS_FILE: file }).mongodbUrl).toBe('mongodb://u:p@a,b/?authSource=admin');
    expect(readSettings({ MONGODB_URL: signedIn, SECRETS_FILE: file }).mongodbUrl).toBe(signedIn);
  });

  it('warns of names that look like typing errors, not of others', () => {
    expect(readSettings({ COMPAT_AUHT: 'reference', PATH: '/bin', DOCKER_HOST_NAME: 'x' }).warnings).toEqual([
      'COMPAT_AUHT is not a setting; did you mean COMPAT_AUTH?',
    ]);
    expect(readSettings({ PROT: '1' }).warnings).toEqual(['PROT is not a setting; did you mean PORT?']);
    expect(readSettings({ SECRETS_FILE: 'secrets.json' }).warnings).toEqual(['SECRETS_FILE has no effect without MONGODB_URL']);
  });
});
