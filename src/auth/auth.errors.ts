import { type Role } from '../common/caller.js';
import { AppError, type AppErrorOptions, defineError, type ErrorSpec } from '../common/errors/app-error.js';

const realm = 'Bearer realm="signalbox"';

/** The sentence that operators of old clients need on a compat route in strict mode. */
const compatHint = ' Clients that cannot send a token need the setting COMPAT_AUTH=reference.';

/** A request that says nothing acceptable about who sent it. */
export abstract class UnauthenticatedError extends AppError {
  constructor(spec: ErrorSpec, message: string, options: AppErrorOptions & { readonly challenge: string }) {
    super(spec, message, { ...options, headers: { 'WWW-Authenticate': options.challenge } });
  }

  /** This error as a compat route tells it: with the setting that clients without credentials need. */
  onCompatRoute(): this {
    this.message += compatHint;
    return this;
  }
}

const tokenMissing = defineError({
  code: 'AUTH.TOKEN_MISSING',
  kind: 'unauthenticated',
  title: 'No token',
  cause: 'The route needs a bearer token, and the request has no `Authorization: Bearer` header.',
  cure: 'Send `Authorization: Bearer <token>`. With the embedded issuer, `signalbox token create --role worker` prints one. Old clients that cannot send one need `COMPAT_AUTH=reference`.',
});

/** Thrown when a route needs a token and the request carries none. */
export class TokenMissingError extends UnauthenticatedError {
  constructor() {
    super(tokenMissing, 'No bearer token was sent.', { challenge: realm });
  }
}

const tokenInvalid = defineError({
  code: 'AUTH.TOKEN_INVALID',
  kind: 'unauthenticated',
  title: 'Token is not valid',
  cause:
    'The token is no signed JWT of the pinned algorithms, was made by or for somebody else, lacks a claim, or its signature does not fit any key of the configured set.',
  cure: 'The detail names the rule that was broken. Get a new token from the issuer that this service is configured for.',
});

/** Thrown when a token breaks one of the rules for tokens; the message says which. */
export class TokenInvalidError extends UnauthenticatedError {
  constructor(reason: string, cause?: unknown) {
    super(tokenInvalid, reason, { cause, challenge: `${realm}, error="invalid_token", error_description="the token is not valid"` });
  }
}

const tokenExpired = defineError({
  code: 'AUTH.TOKEN_EXPIRED',
  kind: 'unauthenticated',
  title: 'Token has expired',
  cause: 'The time in the `exp` claim of the token has passed, or the token is older than this service accepts.',
  cure: 'Get a new token.',
});

/** Thrown when a token was valid once. */
export class TokenExpiredError extends UnauthenticatedError {
  constructor(message: string, cause?: unknown) {
    super(tokenExpired, message, { cause, challenge: `${realm}, error="invalid_token", error_description="the token has expired"` });
  }
}

const roleMissing = defineError({
  code: 'AUTH.ROLE_MISSING',
  kind: 'forbidden',
  title: 'Role is missing',
  cause: 'The token is valid, but none of its roles may do this.',
  cure: 'Use a token with one of the roles in `requiredRoles`.',
});

/** Thrown when none of a caller's roles may use a route; `requiredRoles` names those that may. */
export class RoleMissingError extends AppError {
  constructor(requiredRoles: readonly Role[]) {
    super(roleMissing, `This needs one of the roles ${requiredRoles.join(', ')}.`, {
      details: { requiredRoles },
      headers: { 'WWW-Authenticate': `${realm}, error="insufficient_scope"` },
    });
  }
}

const keysUnavailable = defineError({
  code: 'AUTH.KEYS_UNAVAILABLE',
  kind: 'unavailable',
  title: 'Keys are not available',
  cause: 'The key set at `JWKS_URL` cannot be read now, so nobody can say whether the token is valid.',
  cure: 'Repeat the call with the same token after `Retry-After` seconds. If it lasts, check `JWKS_URL` and the identity provider.',
  retryable: true,
});

/** Thrown when a token cannot be judged because no usable key set is at hand. */
export class KeysUnavailableError extends AppError {
  constructor(retryAfterSeconds: number) {
    super(keysUnavailable, 'The keys that verify tokens cannot be read now. Try again.', { retryAfterSeconds });
  }
}

const permissionsUnavailable = defineError({
  code: 'AUTH.PERMISSIONS_UNAVAILABLE',
  kind: 'unavailable',
  title: 'Permissions cannot be looked up',
  cause:
    'Keycloak at `KEYCLOAK_SERVER` did not answer, or with a fault of its own, so nobody can say whether the caller may write the dataset.',
  cure: 'Repeat the call after `Retry-After` seconds. If it lasts, check `KEYCLOAK_SERVER`, `KEYCLOAK_REALM` and Keycloak itself.',
  retryable: true,
});

/** Thrown when Keycloak brings no decision on a dataset, however often it is asked. */
export class PermissionsUnavailableError extends AppError {
  constructor(cause?: unknown) {
    super(permissionsUnavailable, 'The permissions of this token cannot be looked up now. Try again.', { retryAfterSeconds: 5, cause });
  }
}

const rateLimited = defineError({
  code: 'RATE.LIMITED',
  kind: 'rate-limited',
  title: 'Too many requests',
  cause: 'The subject of the token sends more requests per second than `RATE_LIMIT_PER_SECOND` allows.',
  cure: 'Wait for `Retry-After` seconds; spread the calls, or use the bulk routes and the live stream.',
  retryable: true,
});

/** Thrown when one subject sends more requests per second than the setting allows. */
export class RateLimitedError extends AppError {
  constructor(retryAfterSeconds: number) {
    super(rateLimited, 'This subject sends too many requests.', { retryAfterSeconds });
  }
}
