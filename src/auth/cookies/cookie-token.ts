import jsonwebtoken from 'jsonwebtoken';
import { cookieAlgorithms, type TokenAlgorithm, type VerificationKey } from '../keys/key-source.js';

const toleranceSeconds = 30;

/** Thrown when a cookie's token breaks a rule; the message is what the reference says after `Unauthorized: `. */
export class CookieTokenError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CookieTokenError';
  }
}

/** A token taken apart, nothing in it believed yet. */
export interface UnverifiedToken {
  readonly text: string;
  readonly algorithm: TokenAlgorithm;
  readonly kid: unknown;
  readonly claims: Claims;
}

/** The claims of a token by name. */
export type Claims = Readonly<Record<string, unknown>>;

function decoded(segment: string, name: string): Buffer {
  if (!/^[\w-]*$/.test(segment) || segment.length % 4 === 1) throw new CookieTokenError(`Invalid ${name} padding`);
  return Buffer.from(segment, 'base64url');
}

function objectIn(bytes: Buffer, name: string): Claims {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new CookieTokenError(`Invalid ${name} string: not JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CookieTokenError(`Invalid ${name} string: must be a json object`);
  }
  return value as Claims;
}

/**
 * Takes a token apart, with the reference's words for what is wrong with it.
 * @throws CookieTokenError
 */
export function takeApart(text: string): UnverifiedToken {
  const signatureAt = text.lastIndexOf('.');
  const payloadAt = text.indexOf('.');
  if (payloadAt === signatureAt) throw new CookieTokenError('Not enough segments');
  const header = objectIn(decoded(text.slice(0, payloadAt), 'header'), 'header');
  const payload = decoded(text.slice(payloadAt + 1, signatureAt), 'payload');
  decoded(text.slice(signatureAt + 1), 'crypto');
  const algorithm = cookieAlgorithms.find((allowed) => allowed === header['alg']);
  if (!algorithm || header['crit'] !== undefined) throw new CookieTokenError('The specified alg value is not allowed');
  return { text, algorithm, kid: header['kid'], claims: objectIn(payload, 'payload') };
}

function checkSignature(token: UnverifiedToken, { key, algorithms }: VerificationKey): void {
  if (!algorithms.includes(token.algorithm)) throw new CookieTokenError('The specified alg value is not allowed');
  try {
    jsonwebtoken.verify(token.text, key, { algorithms: [token.algorithm], ignoreExpiration: true, ignoreNotBefore: true });
  } catch {
    throw new CookieTokenError('Signature verification failed');
  }
}

function secondsIn(claims: Claims, name: string, words: string): number | undefined {
  const value = claims[name];
  if (value === undefined) return undefined;
  const seconds = typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value;
  if (typeof seconds !== 'number') throw new CookieTokenError(`${words} claim (${name}) must be an integer.`);
  return Math.trunc(seconds);
}

/** `exp` ends a token to the second, as in the reference; for a start in the future the clocks may differ. */
function checkTimes(claims: Claims): void {
  const now = Date.now() / 1000;
  const issuedAt = secondsIn(claims, 'iat', 'Issued At');
  if (issuedAt !== undefined && issuedAt > now + toleranceSeconds) throw new CookieTokenError('The token is not yet valid (iat)');
  const notBefore = secondsIn(claims, 'nbf', 'Not Before');
  if (notBefore !== undefined && notBefore > now + toleranceSeconds) throw new CookieTokenError('The token is not yet valid (nbf)');
  const end = secondsIn(claims, 'exp', 'Expiration Time');
  if (end !== undefined && end <= now) throw new CookieTokenError('Signature has expired');
}

function checkAudience(claims: Claims, audience: string): void {
  const { aud } = claims;
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (aud === '' || named.length === 0) throw missing('aud');
  if (!named.every((one) => typeof one === 'string')) throw new CookieTokenError('Invalid claim format in token');
  if (!named.includes(audience)) throw new CookieTokenError('Invalid audience');
}

const missing = (claim: string): CookieTokenError => new CookieTokenError(`Token is missing the "${claim}" claim`);

/** What a cookie's token must hold. */
export interface CookieTokenRules {
  readonly key: VerificationKey;
  /** Claims that must be there and not null. */
  readonly required: readonly string[];
  /** Left out: `aud` is not looked at. */
  readonly audience?: string;
}

/**
 * The claims of a token that keeps the rules, checked in the reference's order: signature, required claims, times, audience.
 * @throws CookieTokenError
 */
export function verifiedClaims(token: UnverifiedToken, { key, required, audience }: CookieTokenRules): Claims {
  checkSignature(token, key);
  const { claims } = token;
  for (const claim of required) if (claims[claim] == null) throw missing(claim);
  checkTimes(claims);
  if (audience !== undefined) checkAudience(claims, audience);
  return claims;
}
