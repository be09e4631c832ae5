import { type Role, roles } from '../common/caller.js';

/**
 * Who may use a route:
 * - `public`: everybody, credentials are not looked at;
 * - `cookies`: decided by the two cookies of compat `POST /jobs`, after the body, by `JobCookies`;
 * - `roles`: a bearer token with a fitting role;
 * - `compat`: as `roles` with `COMPAT_AUTH=strict`, as `public` with `reference`;
 * - `datasets`: a bearer token, whatever its roles; `DatasetPermissions` says which datasets it may write, once the route knows which one is meant.
 */
export type Access =
  { readonly kind: 'public' | 'cookies' | 'datasets' } | { readonly kind: 'roles' | 'compat'; readonly roles: readonly Role[] };

/** The access of a route that states none: deny by default. */
export const unstatedAccess: Access = { kind: 'roles', roles: ['admin'] };

/** Every role that may use a route with these listed: `reader` stands for every role, and admin always may. Weakest first. */
export function sufficientRoles(listed: readonly Role[]): readonly Role[] {
  if (listed.includes('reader')) return roles;
  return roles.filter((role) => role === 'admin' || listed.includes(role));
}

/** The role that a history entry names: the one furthest down the list of roles; null without any. */
export function strongestRole(held: readonly Role[]): Role | null {
  return roles.findLast((role) => held.includes(role)) ?? null;
}

/** The known roles in a claim, which is an array of names or a text with spaces; names that are no roles here are left out. */
export function rolesInClaim(claim: unknown): readonly Role[] {
  const names: readonly unknown[] = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return roles.filter((role) => names.includes(role));
}
