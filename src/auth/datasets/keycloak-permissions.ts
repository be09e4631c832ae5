import { createHash } from 'node:crypto';
import { TokenInvalidError, TokenMissingError } from '../auth.errors.js';
import { bearerTokenOf } from '../token-header.js';
import { DatasetPermissions, type DatasetToken } from './dataset-permissions.js';
import { DecisionCache } from './decision-cache.js';
import type { Decision, KeycloakDecisions } from './keycloak-decisions.js';
import { unverifiedPrincipal } from './unverified-principal.js';

/** The characters that the gateway of the original let through, and those of other opaque tokens; nothing that could end a header. */
const tokenText = /^[-0-9A-Za-z._~+/=]+$/;

/** How long a decision is believed, and how many are remembered. */
const memory = { allowedMs: 30_000, refusedMs: 5_000, entries: 10_000 } as const;

/**
 * Dataset permissions as Keycloak decides them (UMA). The token itself is not verified here: Keycloak does that with every question. A decision is remembered
 * for a short time, so that a pipeline does not ask before every step, and callers with the same question share one answer.
 */
export class KeycloakPermissions extends DatasetPermissions {
  private readonly cache: DecisionCache<Decision>;

  constructor(
    private readonly keycloak: KeycloakDecisions,
    nowMs: () => number = () => performance.now(),
  ) {
    super();
    this.cache = new DecisionCache({
      lifeMs: (decision) => (decision === 'allowed' ? memory.allowedMs : memory.refusedMs),
      nowMs,
      entries: memory.entries,
    });
  }

  async admit(authorization: string | undefined): Promise<DatasetToken> {
    const text = bearerTokenOf(authorization);
    if (!tokenText.test(text)) throw new TokenMissingError();
    return { text, principal: unverifiedPrincipal(text) };
  }

  canWrite(token: DatasetToken, datasetId: string): Promise<boolean> {
    return this.allowed(token, `okdata:dataset:${datasetId}#okdata:dataset:write`);
  }

  isWhitelisted(token: DatasetToken): Promise<boolean> {
    return this.allowed(token, '#okdata:dataset:whitelist');
  }

  private async allowed({ text, principal }: DatasetToken, permission: string): Promise<boolean> {
    const key = createHash('sha256').update(`${text} ${permission}`).digest('base64url');
    const leftMs = principal.endsAtMs - Date.now(); // a yes must not outlive its token
    const decision = await this.cache.get(key, leftMs, () => this.keycloak.decide(text, permission));
    if (decision === 'unauthenticated') throw new TokenInvalidError('The token was refused by Keycloak.');
    return decision === 'allowed';
  }
}
