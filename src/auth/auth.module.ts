import { Inject, Logger, Module, type OnModuleInit } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Authentication } from './authentication.js';
import { BearerVerifier } from './bearer-verifier.js';
import { JobCookies } from './cookies/job-cookies.js';
import { ClaimPermissions } from './datasets/claim-permissions.js';
import { DatasetPermissions } from './datasets/dataset-permissions.js';
import { KeycloakDecisions } from './datasets/keycloak-decisions.js';
import { KeycloakPermissions } from './datasets/keycloak-permissions.js';
import { AdminTokenTask } from './issuer/admin-token.task.js';
import { ensureEmbeddedIssuer, tokenProfileOf } from './issuer/embedded-issuer.js';
import { JwksController } from './issuer/jwks.controller.js';
import { LocalKeys } from './issuer/local-keys.js';
import { EMBEDDED_ISSUER, type OptionalIssuer } from './issuer/optional-issuer.js';
import { KeySet } from './keys/key-set.js';
import { keySetReader } from './keys/key-set-reader.js';
import { KeySource } from './keys/key-source.js';

const embeddedIssuerProvider = {
  provide: EMBEDDED_ISSUER,
  inject: [SETTINGS],
  useFactory: (settings: Settings): Promise<OptionalIssuer> | null =>
    settings.jwksUrl === null ? ensureEmbeddedIssuer(settings.dataDir, tokenProfileOf(settings)) : null,
};

const keySourceProvider = {
  provide: KeySource,
  inject: [SETTINGS, EMBEDDED_ISSUER],
  useFactory: ({ jwksUrl }: Settings, issuer: OptionalIssuer): KeySource =>
    issuer ? new LocalKeys(issuer) : new KeySet({ read: keySetReader(jwksUrl!), logger: new Logger('Auth') }),
};

const bearerVerifierProvider = {
  provide: BearerVerifier,
  inject: [KeySource, SETTINGS],
  useFactory: (keys: KeySource, settings: Settings) =>
    new BearerVerifier(keys, {
      issuer: settings.jwtIssuer,
      audience: settings.jwtAudience,
      rolesClaim: settings.jwtRolesClaim,
      datasetsClaim: settings.jwtDatasetsClaim,
      typ: settings.jwtTyp,
      maxAgeSeconds: settings.jwtMaxAgeSeconds,
    }),
};

const datasetPermissionsProvider = {
  provide: DatasetPermissions,
  inject: [BearerVerifier, SETTINGS],
  useFactory: (verifier: BearerVerifier, { keycloak }: Settings): DatasetPermissions =>
    keycloak ? new KeycloakPermissions(new KeycloakDecisions(keycloak)) : new ClaimPermissions(verifier),
};

/** Who may do what: verifies tokens, guards every route of the application that imports it, and issues tokens where nobody else does. */
@Module({
  controllers: [JwksController],
  providers: [
    embeddedIssuerProvider,
    keySourceProvider,
    bearerVerifierProvider,
    datasetPermissionsProvider,
    Authentication,
    AdminTokenTask,
    JobCookies,
  ],
  exports: [KeySource, JobCookies, DatasetPermissions],
})
export class AuthModule implements OnModuleInit {
  constructor(
    @Inject(KeySource) private readonly keys: KeySource,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  onModuleInit(): void {
    if (this.settings.compatAuth === 'reference')
      new Logger('Auth').warn('COMPAT_AUTH=reference: the old routes are open to everybody who reaches this address.');
    if (this.keys instanceof KeySet) void this.keys.refresh(); // ahead of the first token; the start does not wait for it
  }
}
