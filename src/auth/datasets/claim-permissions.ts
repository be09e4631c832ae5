import type { BearerVerifier } from '../bearer-verifier.js';
import { bearerTokenOf } from '../token-header.js';
import { DatasetPermissions, type DatasetToken } from './dataset-permissions.js';

const all = '*';

/** Dataset permissions by the claim `JWT_DATASETS_CLAIM` of the token, whose signature, issuer, audience and times are verified as everywhere. */
export class ClaimPermissions extends DatasetPermissions {
  constructor(private readonly verifier: BearerVerifier) {
    super();
  }

  async admit(authorization: string | undefined): Promise<DatasetToken> {
    const text = bearerTokenOf(authorization);
    return { text, principal: await this.verifier.verify(text) };
  }

  canWrite({ principal }: DatasetToken, datasetId: string): Promise<boolean> {
    return Promise.resolve(principal.datasets.includes(datasetId) || principal.datasets.includes(all));
  }

  isWhitelisted({ principal }: DatasetToken): Promise<boolean> {
    return Promise.resolve(principal.datasets.includes(all));
  }
}
