import { type Role } from '../common/caller.js';
import { rolesInClaim, strongestRole } from './access.js';
import { TokenInvalidError } from './auth.errors.js';

/** Seconds by which the clocks of issuer and service may differ. */
export const clockToleranceSeconds = 30;

const maxSubjectCharacters = 255;
const maxNameCharacters = 255;

/** What a bearer token must say, beside a fitting signature. */
export interface TokenRules {
  readonly issuer: string;
  readonly audience: string;
  readonly rolesClaim: string;
  readonly datasetsClaim: string;
  /** Required `typ` header; null: not looked at. */
  readonly typ: string | null;
  /** Greatest age by `iat`; null: only `exp` counts. */
  readonly maxAgeSeconds: number | null;
}

/** Whom a verified token speaks for. */
export interface Principal {
  /** `issuer|subject`: a subject alone is unique within its issuer only. */
  readonly id: string;
  /** For display: the `name` claim, else the subject; without control characters. */
  readonly name: string;
  readonly roles: readonly Role[];
  /** The strongest of `roles`; null without any. */
  readonly role: Role | null;
  /** Ids of the datasets it may write; `*` among them means all. */
  readonly datasets: readonly string[];
  /** When the token stops being accepted, in milliseconds since 1970. */
  readonly endsAtMs: number;
}

const invisible = /[\p{Cc}\p{Cf}\p{Cs}]/gu;

function subjectOf(claims: Record<string, unknown>): string {
  const { sub } = claims;
  if (typeof sub !== 'string' || sub === '') throw new TokenInvalidError('The token has no sub claim.');
  if (sub.length > maxSubjectCharacters || sub.replace(invisible, '') !== sub) {
    throw new TokenInvalidError(`The sub claim of the token must have at most ${maxSubjectCharacters} visible characters.`);
  }
  return sub;
}

function nameOf(claims: Record<string, unknown>, subject: string): string {
  const name = typeof claims['name'] === 'string' ? claims['name'].replace(invisible, '').trim() : '';
  return name.slice(0, maxNameCharacters) || subject;
}

function checkTimes(claims: Record<string, unknown>): void {
  if (claims['exp'] === undefined) throw new TokenInvalidError('The token has no exp claim; a token without an end is not accepted.');
  const { iat } = claims;
  if (iat === undefined) return;
  if (typeof iat !== 'number') throw new TokenInvalidError('The iat claim of the token is not a number.');
  if (iat > Date.now() / 1000 + clockToleranceSeconds) throw new TokenInvalidError('The iat claim of the token lies in the future.');
}

/**
 * The principal of claims whose signature, issuer, audience, `nbf`, maximum age and, if there, `exp` are already checked.
 * @throws TokenInvalidError without `exp` or `sub`, which JWT libraries do not require, or with an `iat` in the future
 */
export function principalOf(claims: unknown, rules: TokenRules): Principal {
  if (typeof claims !== 'object' || claims === null) throw new TokenInvalidError('The token holds no claims.');
  const known = claims as Record<string, unknown>;
  checkTimes(known);
  const subject = subjectOf(known);
  const held = rolesInClaim(known[rules.rolesClaim]);
  const identity = { id: `${rules.issuer}|${subject}`, name: nameOf(known, subject) };
  const datasets = datasetsInClaim(known[rules.datasetsClaim]);
  return { ...identity, roles: held, role: strongestRole(held), datasets, endsAtMs: endOf(known, rules) };
}

/** The dataset ids in a claim; what is no array of texts names none. */
const datasetsInClaim = (claim: unknown): readonly string[] =>
  Array.isArray(claim) ? claim.filter((id): id is string => typeof id === 'string') : [];

/** The end that `exp`, and the greatest age where there is one, set; with the tolerance for differing clocks. */
function endOf({ exp, iat }: Record<string, unknown>, { maxAgeSeconds }: TokenRules): number {
  const oldest = maxAgeSeconds !== null && typeof iat === 'number' ? iat + maxAgeSeconds : Infinity;
  return (Math.min(Number(exp), oldest) + clockToleranceSeconds) * 1_000;
}
