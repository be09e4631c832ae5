import type { EmbeddedIssuer } from './embedded-issuer.js';

/** The name under which the embedded issuer is injected. */
export const EMBEDDED_ISSUER = Symbol('embedded issuer');

/** Null where an identity provider issues the tokens. */
export type OptionalIssuer = EmbeddedIssuer | null;
