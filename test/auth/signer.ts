import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { KeySource, type VerificationKey } from '../../src/auth/keys/key-source.js';

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A key pair of an identity provider, and tokens signed with it, the wrong kinds included. */
export class Signer {
  readonly publicKey: KeyObject;
  private readonly privateKey: KeyObject;

  constructor(
    readonly kid: string,
    private readonly type: 'rsa' | 'ec' = 'rsa',
  ) {
    const pair =
      type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2_048 }) : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    this.publicKey = pair.publicKey;
    this.privateKey = pair.privateKey;
  }

  /** The public key as a key set shows it. */
  jwk(more: Record<string, unknown> = {}): Record<string, unknown> {
    return { ...this.publicKey.export({ format: 'jwk' }), kid: this.kid, use: 'sig', ...more };
  }

  /** A set entry that gives the private key away. */
  privateJwk(): Record<string, unknown> {
    return { ...this.privateKey.export({ format: 'jwk' }), kid: this.kid, use: 'sig' };
  }

  /** Signs exactly these claims, nothing is added, also what is no object of claims. Header members of undefined are left out. */
  sign(claims: unknown, header: Record<string, unknown> = {}): string {
    const alg = (header['alg'] as string | undefined) ?? (this.type === 'rsa' ? 'RS256' : 'ES256');
    const signed = `${encoded({ typ: 'JWT', kid: this.kid, ...header, alg })}.${encoded(claims)}`;
    const signature = sign(`sha${alg.slice(2)}`, Buffer.from(signed), { key: this.privateKey, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  }

  /** A token with the signature of another. */
  withForeignSignature(claims: unknown, header: Record<string, unknown> = {}): string {
    const signature = this.sign({ other: true }).split('.')[2];
    return `${encoded({ alg: 'RS256', kid: this.kid, ...header })}.${encoded(claims)}.${signature}`;
  }

  /** Signed by HMAC, with the text of the public key as secret. */
  signedWithPublicKey(claims: Record<string, unknown>): string {
    const signed = `${encoded({ alg: 'HS256', kid: this.kid })}.${encoded(claims)}`;
    const secret = this.publicKey.export({ type: 'spki', format: 'pem' });
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  }

  /** Not signed at all. */
  unsigned(claims: Record<string, unknown>): string {
    return `${encoded({ alg: 'none', kid: this.kid })}.${encoded(claims)}.`;
  }
}

/** Keys that are simply there, in place of a provider's key set. */
export class KnownKeys extends KeySource {
  constructor(private readonly keys: readonly VerificationKey[]) {
    super();
  }

  override find(kid: string): Promise<VerificationKey | undefined> {
    return Promise.resolve(this.keys.find((key) => key.kid === kid));
  }

  override keySetAgeSeconds(): number | null {
    return null;
  }
}

/** Seconds since 1970, this many from now. */
export const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
