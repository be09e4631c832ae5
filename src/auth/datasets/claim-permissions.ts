import { createHash } from 'node:crypto';
import type { BearerVerifier } from '../bearer-verifier.js';
import { bearerTokenOf } from '../token-header.js';
import type { Principal } from '../token-claims.js';
import { DatasetPermissions, type DatasetToken } from './dataset-permissions.js';
import { DecisionCache } from './decision-cache.js';

const all = '*';

/** How long a verified token is believed without verifying it again, and how many are remembered. */
const memory = { verifiedMs: 10_000, entries: 1_000 } as const;

/**
 * Dataset permissions by the claim `JWT_DATASETS_CLAIM` of the token, whose signature, issuer, audience and times are verified as everywhere. The steps of a pipeline
 * send the same token again and again, so that its verification is remembered for a few seconds, never beyond its end.
 */
export class ClaimPermissions extends DatasetPermissions {
  private readonly verified: DecisionCache<Principal>;

  constructor(
    private readonly verifier: Pick<BearerVerifier, 'verify'>,
    nowMs: () => number = () => performance.now(),
  ) {
    super();
    const lifeMs = ({ endsAtMs }: Principal) => Math.min(memory.verifiedMs, endsAtMs - Date.now());
    this.verified = new DecisionCache({ lifeMs, nowMs, entries: memory.entries });
  }

  async admit(authorization: string | undefined): Promise<DatasetToken> {
    const text = bearerTokenOf(authorization);
    const key = createHash('sha256').update(text).digest('base64url');
    return { text, principal: await this.verified.get(key, Infinity, () => this.verifier.verify(text)) };
  }

  canWrite({ principal }: DatasetToken, datasetId: string): Promise<boolean> {
    return Promise.resolve(principal.datasets.includes(datasetId) || principal.datasets.includes(all));
  }

  isWhitelisted({ principal }: DatasetToken): Promise<boolean> {
    return Promise.resolve(principal.datasets.includes(all));
  }
}
