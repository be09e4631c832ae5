import { describe, expect, it } from '@jest/globals';
import { TokenInvalidError } from '../auth.errors.js';
import type { Principal } from '../token-claims.js';
import { ClaimPermissions } from './claim-permissions.js';

const principal = (datasets: string[], endsInMs = 600_000): Principal => ({
  id: 'i|s',
  name: 's',
  roles: [],
  role: null,
  datasets,
  endsAtMs: Date.now() + endsInMs,
});

function permissionsFor(answer: () => Promise<Principal>) {
  const clock = { now: 0, asked: 0 };
  const verify = () => (clock.asked++, answer());
  return { clock, permissions: new ClaimPermissions({ verify }, () => clock.now) };
}

describe('ClaimPermissions', () => {
  it.each([
    [['ds', 'other'], true, false],
    [['*'], true, true],
    [['ds/1', 'd', 'DS'], false, false],
    [[], false, false],
  ])('lets the claim %j write ds: %s, and everything: %s', async (datasets, mayWrite, whitelisted) => {
    const { permissions } = permissionsFor(() => Promise.resolve(principal(datasets)));
    const token = await permissions.admit('Bearer t');
    expect([await permissions.canWrite(token, 'ds'), await permissions.isWhitelisted(token)]).toEqual([mayWrite, whitelisted]);
  });

  it('verifies a token again after 10 s, and each other token', async () => {
    const { clock, permissions } = permissionsFor(() => Promise.resolve(principal([])));
    for (const [now, header] of [
      [0, 'Bearer a'],
      [9_999, 'bearer a'],
      [9_999, 'Bearer b'],
      [10_001, 'Bearer a'],
    ] as const) {
      // prettier-ignore
      clock.now = now;
      await permissions.admit(header);
    }
    expect(clock.asked).toBe(3);
  });

  it('does not believe a token beyond its end', async () => {
    const { clock, permissions } = permissionsFor(() => Promise.resolve(principal([], 2_000)));
    await permissions.admit('Bearer t');
    clock.now = 2_001;
    await permissions.admit('Bearer t');
    expect(clock.asked).toBe(2);
  });

  it('remembers no refusal', async () => {
    const { clock, permissions } = permissionsFor(() => Promise.reject(new TokenInvalidError('no')));
    for (let time = 0; time < 2; time++) await expect(permissions.admit('Bearer t')).rejects.toThrow(TokenInvalidError);
    expect(clock.asked).toBe(2);
  });
});
