import { createPublicKey, type KeyObject } from 'node:crypto';
import type { JwksClient, SigningKey } from 'jwks-rsa';
import { limitedText } from '../limited-text.js';
import type { TokenAlgorithm, VerificationKey } from './key-source.js';

const timeoutMs = 3_000;
const maxBytes = 262_144;
const maxKeys = 100;
const minRsaBits = 2_048;

type Jwk = Record<string, unknown>;

/** Thrown when a key set cannot be used as a whole; its message says why. */
class KeySetUnreadableError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'KeySetUnreadableError';
  }
}

/** A key that others could sign with is no proof of anything, even where its public half would do. */
const isPublic = (jwk: Jwk): boolean => jwk['kty'] !== 'oct' && jwk['k'] === undefined && jwk['d'] === undefined;

const mayVerify = (jwk: Jwk): boolean =>
  (jwk['use'] === undefined || jwk['use'] === 'sig') &&
  (jwk['key_ops'] === undefined || (Array.isArray(jwk['key_ops']) && jwk['key_ops'].includes('verify')));

function keysIn(text: string): Jwk[] {
  const set = JSON.parse(text) as { keys?: unknown } | null;
  if (!Array.isArray(set?.keys)) throw new KeySetUnreadableError('the answer is not a key set');
  if (set.keys.length > maxKeys) throw new KeySetUnreadableError(`the key set has more than ${maxKeys} keys`);
  return set.keys.filter((jwk): jwk is Jwk => typeof jwk === 'object' && jwk !== null && typeof (jwk as Jwk)['kid'] === 'string');
}

/** Reads a key set within the limits: 3 s, 256 KiB, 100 keys, no redirects. Only named public signing keys are in the result. */
async function fetchKeySet(url: string): Promise<{ keys: Jwk[] }> {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
    headers: { accept: 'application/jwk-set+json, application/json' },
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new KeySetUnreadableError(`the key set was answered with status ${response.status}`);
  }
  return { keys: keysIn(await limitedText(response, maxBytes)).filter((jwk) => isPublic(jwk) && mayVerify(jwk)) };
}

/** What a key may verify by its type and size, before its `alg` narrows that. */
function algorithmsOf(key: KeyObject): readonly TokenAlgorithm[] {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') return modulusLength >= minRsaBits ? ['RS256', 'RS512'] : [];
  return key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1' ? ['ES256'] : [];
}

function verificationKey(signing: SigningKey): VerificationKey {
  const key = createPublicKey(signing.getPublicKey());
  const stated = signing.alg as string | undefined; // missing when the key set does not say
  return { kid: signing.kid, key, algorithms: algorithmsOf(key).filter((algorithm) => stated === undefined || stated === algorithm) };
}

/**
 * Makes the reader of the key set at an address. A read gives its usable keys, parsed, at least one.
 * jwks-rsa turns keys into PEM; limits, pauses and the copy that outlives an outage are ours, as its own rate limit makes callers hang.
 */
export function keySetReader(url: string): () => Promise<readonly VerificationKey[]> {
  let client: JwksClient | undefined;
  return async () => {
    const { default: jwksRsa } = await import('jwks-rsa'); // loaded only where there is a provider: it costs a tenth of a second at start
    client ??= new jwksRsa.JwksClient({ jwksUri: url, cache: false, rateLimit: false, fetcher: fetchKeySet });
    const keys = (await client.getSigningKeys()).map(verificationKey).filter((key) => key.algorithms.length > 0);
    if (keys.length === 0) throw new KeySetUnreadableError('the key set has no key for RS256, RS512 or ES256');
    return keys;
  };
}
