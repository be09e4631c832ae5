import type { Principal } from '../token-claims.js';

/** The token of a request to a route where the dataset decides, admitted as far as that goes without knowing the dataset. */
export interface DatasetToken {
  /** As it was sent, without the scheme. Never logged. */
  readonly text: string;
  /** For history; what it says of datasets counts only where no other judge is configured. */
  readonly principal: Principal;
}

/**
 * Who may write which dataset. Two judges: the claim in the token (`ClaimPermissions`) and, with `KEYCLOAK_SERVER`, Keycloak (`KeycloakPermissions`),
 * whose answer then is the whole check.
 * @see contracts/traces.md 2.2
 */
export abstract class DatasetPermissions {
  /**
   * The token in an Authorization header.
   * @throws UnauthenticatedError without a usable one; KeysUnavailableError when it cannot be judged now
   */
  abstract admit(authorization: string | undefined): Promise<DatasetToken>;

  /**
   * True when the token's holder may write the dataset.
   * @throws UnauthenticatedError when the judge refuses the token; PermissionsUnavailableError when nobody can say now
   */
  abstract canWrite(token: DatasetToken, datasetId: string): Promise<boolean>;

  /** True when the token's holder may write every dataset, as service accounts may. Throws as `canWrite` does. */
  abstract isWhitelisted(token: DatasetToken): Promise<boolean>;
}
