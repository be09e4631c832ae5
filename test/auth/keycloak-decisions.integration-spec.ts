import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PermissionsUnavailableError } from '../../src/auth/auth.errors.js';
import { KeycloakDecisions } from '../../src/auth/datasets/keycloak-decisions.js';
import { KeycloakPermissions } from '../../src/auth/datasets/keycloak-permissions.js';
import { keycloakAnswers as answers, StubKeycloak } from '../support/keycloak.js';

const write = 'okdata:dataset:ds#okdata:dataset:write';

describe("the questions to Keycloak's token endpoint", () => {
  let keycloak: StubKeycloak;
  let pauses: number[];
  beforeEach(async () => {
    keycloak = await new StubKeycloak().start();
    pauses = [];
  });
  afterEach(() => keycloak.stop());

  const settings = (timeoutMs = 5_000) => ({ server: keycloak.url, realm: 'api-catalog', clientId: 'okdata-resource-server', timeoutMs });
  const decisions = (timeoutMs?: number) =>
    new KeycloakDecisions(settings(timeoutMs), (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    });

  it('are the form of the contract, byte for byte', async () => {
    keycloak.granted.set('t.o-k_en', [write]);
    expect(await decisions().decide('t.o-k_en', write)).toBe('allowed');
    const [question] = keycloak.questions;
    expect([question?.method, question?.path]).toEqual(['POST', '/auth/realms/api-catalog/protocol/openid-connect/token']);
    expect(question?.headers).toMatchObject({ authorization: 'Bearer t.o-k_en', 'content-type': 'application/x-www-form-urlencoded' });
    expect(question?.body).toBe(
      'grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Auma-ticket&audience=okdata-resource-server&response_mode=decision' +
        '&permission=okdata%3Adataset%3Ads%23okdata%3Adataset%3Awrite',
    );
  });

  it.each([
    [answers.yes, 'allowed'],
    [{ status: 200, body: '{"result":false}' }, 'refused'],
    [answers.refused, 'refused'],
    [answers.unknownResource, 'refused'],
    [{ status: 404, body: '<html>' }, 'refused'],
    [{ status: 429, body: '' }, 'refused'],
    [answers.expired, 'unauthenticated'],
  ] as const)('take %j for %s, at once', async (answer, decision) => {
    keycloak.always = answer;
    expect(await decisions().decide('t', write)).toBe(decision);
    expect(keycloak.questions).toHaveLength(1);
  });

  it.each([
    answers.broken,
    { status: 200, body: 'no JSON' },
    { status: 200, body: '{}' },
    { status: 200, body: '{"result":"true"}' },
    { status: 200, body: 'x'.repeat(100_000) },
    { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } },
    'hangup',
  ] as const)('are repeated three times with pauses after %j', async (answer) => {
    keycloak.always = answer;
    await expect(decisions().decide('t', write)).rejects.toThrow(PermissionsUnavailableError);
    expect(keycloak.questions.map(({ permission }) => permission)).toEqual([write, write, write, write]);
    expect(pauses).toEqual([0, 500, 1_000]);
  });

  it('are repeated after silence, and end with the first decision', async () => {
    keycloak.next.push('silence', answers.broken, answers.refused);
    expect(await decisions(200).decide('t', write)).toBe('refused');
    expect(keycloak.questions).toHaveLength(3);
  });

  it('end when nobody listens', async () => {
    const nobody = new KeycloakDecisions({ ...settings(), server: 'http://127.0.0.1:1' }, () => Promise.resolve());
    await expect(nobody.decide('t', write)).rejects.toMatchObject({ code: 'AUTH.PERMISSIONS_UNAVAILABLE', retryAfterSeconds: 5 });
  });

  describe('as dataset permissions', () => {
    let now: number;
    beforeEach(() => void (now = 0));
    const permissions = () => new KeycloakPermissions(decisions(), () => now);
    const tokenWith = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

    it('ask for the dataset, and for the whitelist without a resource', async () => {
      keycloak.granted.set('t', ['#okdata:dataset:whitelist']);
      const judge = permissions();
      const token = await judge.admit('bearer t');
      expect([await judge.canWrite(token, 'unknown'), await judge.isWhitelisted(token)]).toEqual([false, true]);
      expect(keycloak.questions.map(({ permission }) => permission)).toEqual([
        'okdata:dataset:unknown#okdata:dataset:write',
        '#okdata:dataset:whitelist',
      ]);
      expect(keycloak.questions[1]?.body).toMatch(/&permission=%23okdata%3Adataset%3Awhitelist$/);
    });

    it('remember a yes for 30 s and a no for 5 s, each for its token and dataset', async () => {
      keycloak.granted.set('t', [write]);
      const judge = permissions();
      const token = await judge.admit('Bearer t');
      const ask = async (at: number, datasetId: string) => {
        now = at;
        const before = keycloak.questions.length;
        const answer = await judge.canWrite(token, datasetId);
        return [answer, keycloak.questions.length - before];
      };
      expect(await ask(0, 'ds')).toEqual([true, 1]);
      expect(await ask(29_000, 'ds')).toEqual([true, 0]);
      expect(await ask(29_000, 'other')).toEqual([false, 1]);
      expect(await ask(30_001, 'ds')).toEqual([true, 1]);
      expect(await ask(33_000, 'other')).toEqual([false, 0]);
      expect(await ask(34_001, 'other')).toEqual([false, 1]);
    });

    it('share one answer among those who ask at once', async () => {
      keycloak.granted.set('t', [write]);
      const judge = permissions();
      const token = await judge.admit('Bearer t');
      const answersAtOnce = await Promise.all(Array.from({ length: 50 }, () => judge.canWrite(token, 'ds')));
      expect([answersAtOnce.every(Boolean), keycloak.questions.length]).toEqual([true, 1]);
    });

    it('do not remember a yes beyond the end of its token, nor a failure at all', async () => {
      const text = tokenWith({ exp: Math.floor(Date.now() / 1_000) - 10, sub: 'somebody', iss: 'https://login.example' });
      keycloak.granted.set(text, [write]);
      const judge = permissions();
      const token = await judge.admit(`Bearer ${text}`);
      expect(token.principal).toMatchObject({ id: 'https://login.example|somebody', roles: [], datasets: [] });
      for (const count of [1, 2]) {
        expect(await judge.canWrite(token, 'ds')).toBe(true);
        expect(keycloak.questions).toHaveLength(count);
      }
      keycloak.next.push(answers.broken, answers.broken, answers.broken, answers.broken);
      await expect(judge.canWrite(token, 'ds')).rejects.toThrow(PermissionsUnavailableError);
      expect(await judge.canWrite(token, 'ds')).toBe(true);
    });

    it.each(['Bearer', 'Basic x', 'Bearer a b', 'Bearer a\u0000', 'Bearer å', undefined])(
      'refuse the header %j without asking',
      async (header) => {
        await expect(permissions().admit(header)).rejects.toMatchObject({ kind: 'unauthenticated' });
        expect(keycloak.questions).toEqual([]);
      },
    );
  });
});
