export {
  bearerScheme,
  CompatCookies,
  CompatRoles,
  CurrentCaller,
  CurrentDatasetToken,
  CurrentRoles,
  DatasetAccess,
  jobCookieScheme,
  Public,
  Roles,
} from './access.decorators.js';
export { RoleMissingError, UnauthenticatedError } from './auth.errors.js';
export { AuthModule } from './auth.module.js';
export { DatasetPermissions, type DatasetToken } from './datasets/dataset-permissions.js';
export { assertSameSite } from './cookies/same-site.js';
export { type CookieUser, JobCookies } from './cookies/job-cookies.js';
export { adminTokenPath } from './issuer/admin-token.js';
export { ensureEmbeddedIssuer, IssuerKeyError } from './issuer/embedded-issuer.js';
export { KeySource } from './keys/key-source.js';
export { tokenEndsAtMs } from './request-caller.js';
