import { cookieAudience, cookieClaims, cookieNames, dataAdministrator } from '../cookies/cookie-claims.js';
import type { EmbeddedIssuer } from './embedded-issuer.js';

/** For whom the two cookies are. */
export interface JobCookieRequest {
  readonly user: { readonly userId: string; readonly firstName: string; readonly lastName: string };
  /** The setting `STACK`. */
  readonly stack: string | null;
  readonly expiresInSeconds: number;
}

/** The value of a Cookie header that compat `POST /jobs` accepts. @see contracts/jobs.md 2 */
export function signJobCookies(issuer: EmbeddedIssuer, { user, stack, expiresInSeconds }: JobCookieRequest): string {
  const identity = { [cookieClaims.userId]: user.userId };
  const authorization = { ...identity, sub: user.userId, aud: cookieAudience(stack), [cookieClaims.role]: dataAdministrator };
  const userInfo = { ...identity, [cookieClaims.firstName]: user.firstName, [cookieClaims.lastName]: user.lastName };
  const sign = (claims: Record<string, unknown>): string => issuer.signClaims(claims, expiresInSeconds);
  return `${cookieNames.authorization}=${sign(authorization)}; ${cookieNames.userInfo}=${sign(userInfo)}`;
}
