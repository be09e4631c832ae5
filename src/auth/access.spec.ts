import { describe, expect, it } from '@jest/globals';
import { rolesInClaim, strongestRole, sufficientRoles } from './access.js';

describe('sufficientRoles', () => {
  it('adds admin to any list', () => {
    expect(sufficientRoles(['worker'])).toEqual(['worker', 'admin']);
  });

  it('takes reader for every role', () => {
    expect(sufficientRoles(['reader'])).toEqual(['reader', 'worker', 'pipeline', 'operator', 'admin']);
  });

  it('does not let a stronger role in unasked', () => {
    expect(sufficientRoles(['worker', 'pipeline'])).toEqual(['worker', 'pipeline', 'admin']);
  });
});

it.each([
  [['reader', 'operator'] as const, 'operator'],
  [['admin'] as const, 'admin'],
  [[] as const, null],
])('the strongest of %j is %s', (held, role) => {
  expect(strongestRole(held)).toBe(role);
});

it.each([
  [['operator', 'x', 7], ['operator']],
  ['reader worker', ['reader', 'worker']],
  ['readerworker', []],
  [{ 0: 'admin' }, []],
  [undefined, []],
])('the claim %j holds the roles %j', (claim, held) => {
  expect(rolesInClaim(claim)).toEqual(held);
});
