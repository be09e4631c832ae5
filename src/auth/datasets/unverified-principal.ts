import { createHash } from 'node:crypto';
import type { Principal } from '../token-claims.js';

const invisible = /[\p{Cc}\p{Cf}\p{Cs}]/gu;
const textOf = (value: unknown): string => (typeof value === 'string' ? value.replace(invisible, '').slice(0, 255) : '');

function claimsIn(token: string): Record<string, unknown> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/**
 * Whom a token names that somebody else verifies: good for history once that judge said yes, and for nothing else. A token that is no JWT is named by its
 * fingerprint.
 */
export function unverifiedPrincipal(token: string): Principal {
  const { iss, sub, exp, name, preferred_username: userName } = claimsIn(token);
  const subject = textOf(sub) || createHash('sha256').update(token).digest('hex').slice(0, 16);
  const shown = textOf(name) || textOf(userName) || subject;
  const endsAtMs = typeof exp === 'number' ? exp * 1_000 : Infinity;
  return { id: `${textOf(iss) || 'keycloak'}|${subject}`, name: shown, roles: [], role: null, datasets: [], endsAtMs };
}
