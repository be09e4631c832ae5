import { HeadersTooLargeError } from '../common/errors/request.errors.js';
import { TokenInvalidError, TokenMissingError } from './auth.errors.js';

const maxTokenBytes = 8_192;
const bearer = /^Bearer(?: +(\S.*?))? *$/i;

/**
 * The token in an Authorization header.
 * @throws TokenMissingError without a header, with another scheme, or without a token after the scheme
 * @throws HeadersTooLargeError when the token has more than 8 KiB
 */
export function bearerTokenOf(authorization: string | undefined): string {
  if (authorization !== undefined && authorization.length > maxTokenBytes + 'Bearer '.length) {
    throw new HeadersTooLargeError('The Authorization header is longer than 8 KiB.');
  }
  const token = authorization === undefined ? undefined : bearer.exec(authorization)?.[1];
  if (!token) throw new TokenMissingError();
  return token;
}

/** The parts of a token's header that are looked at. Those that bring a key along (`jwk`, `jku`, `x5u`, `x5c`) are not among them. */
export interface TokenHeader {
  readonly alg: string;
  readonly kid: string;
}

/** The JSON value of one part of a token; undefined when it is none. */
function parsed(part: string | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function parsedHeader(token: string): Record<string, unknown> {
  const [head, ...others] = token.split('.', 3);
  const header = others.length > 0 ? parsed(head) : undefined;
  if (typeof header === 'object' && header !== null) return header as Record<string, unknown>;
  throw new TokenInvalidError('The token is not a signed JWT.');
}

/**
 * Refuses a token whose payload is JSON but no object, such as `null`: libraries look for claims in it before they look at its type.
 * @throws TokenInvalidError
 */
export function refuseWithoutClaims(token: string): void {
  const claims = parsed(token.split('.', 3)[1]);
  if (claims !== undefined && (typeof claims !== 'object' || claims === null || Array.isArray(claims)))
    throw new TokenInvalidError('The token holds no claims.');
}

/** Media types are compared without case, and without the prefix that RFC 7515 lets issuers leave out. */
const plainTyp = (typ: string): string => typ.toLowerCase().replace(/^application\//, '');

/**
 * The header of a token, checked before any key is looked for, so that garbage never costs a read of the key set.
 * @throws TokenInvalidError when the algorithm is not one of `algorithms`, the type is not `typ`, or no key is named
 */
export function checkedHeader(token: string, algorithms: readonly string[], typ: string | null): TokenHeader {
  const header = parsedHeader(token);
  const { alg, kid } = header;
  if (typeof alg !== 'string' || !algorithms.includes(alg)) {
    throw new TokenInvalidError(`The token must be signed with ${algorithms.join(' or ')}.`);
  }
  if (header['crit'] !== undefined) throw new TokenInvalidError('The token asks for extensions (crit) that are not known here.');
  if (typ !== null && (typeof header['typ'] !== 'string' || plainTyp(header['typ']) !== plainTyp(typ))) {
    throw new TokenInvalidError(`The token must be of the type ${typ}.`);
  }
  if (typeof kid !== 'string' || kid === '') throw new TokenInvalidError('The header of the token names no key (kid).');
  return { alg, kid };
}
