import { KeySource, type VerificationKey } from '../keys/key-source.js';
import type { EmbeddedIssuer } from './embedded-issuer.js';

/** The embedded issuer's own key: verifying needs no HTTP and cannot be unavailable. */
export class LocalKeys extends KeySource {
  private readonly key: VerificationKey;

  constructor(issuer: EmbeddedIssuer) {
    super();
    this.key = { kid: issuer.jwk.kid, key: issuer.publicKey, algorithms: ['RS256', 'RS512'] };
  }

  override find(kid: string): Promise<VerificationKey | undefined> {
    return Promise.resolve(kid === this.key.kid ? this.key : undefined);
  }

  override keySetAgeSeconds(): number | null {
    return null;
  }
}
