import type { KeyObject } from 'node:crypto';
import type { Algorithm } from 'jsonwebtoken';

/** Algorithms of bearer tokens. */
export const bearerAlgorithms = ['RS256', 'ES256'] as const satisfies readonly Algorithm[];

/** Algorithms of the two cookies of compat `POST /jobs`. */
export const cookieAlgorithms = ['RS256', 'RS512'] as const satisfies readonly Algorithm[];

/** Every algorithm that a key is taken for. */
export type TokenAlgorithm = (typeof bearerAlgorithms)[number] | (typeof cookieAlgorithms)[number];

/** A public key, parsed once, and what it may verify. */
export interface VerificationKey {
  readonly kid: string;
  readonly key: KeyObject;
  readonly algorithms: readonly TokenAlgorithm[];
}

/** Where the keys that verify tokens come from: a provider's key set, or the embedded issuer. */
export abstract class KeySource {
  /**
   * The key with this id; undefined when the configured keys do not include it.
   * @throws KeysUnavailableError when that cannot be said now
   */
  abstract find(kid: string): Promise<VerificationKey | undefined>;

  /** Seconds since the provider's key set was last read; null when none was read, and for the embedded issuer. */
  abstract keySetAgeSeconds(): number | null;
}
