import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import jsonwebtoken from 'jsonwebtoken';
import type { Role } from '../../common/caller.js';
import { embeddedIssuer, type Settings } from '../../config/settings.js';
import { createFile, textOf } from './private-files.js';

/** Who a token is for, and how long it lives. */
export interface TokenRequest {
  readonly sub: string;
  readonly name: string;
  readonly roles: readonly Role[];
  /** Datasets whose traces it may write; `*` for all. Default: none. */
  readonly datasets?: readonly string[];
  readonly expiresInSeconds: number;
}

/** What the settings of a service ask of bearer tokens beside issuer and audience. */
export interface TokenProfile {
  readonly rolesClaim: string;
  readonly datasetsClaim: string;
  /** The `typ` header. */
  readonly typ: string;
}

/** The public half of the key, as it is served at `/.well-known/jwks.json`. */
export interface PublicJwk {
  readonly kty: 'RSA';
  readonly n: string;
  readonly e: string;
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: 'RS256';
}

/** Thrown when the key of the embedded issuer cannot be used; the message names the file and the cure. */
export class IssuerKeyError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'IssuerKeyError';
  }
}

/** RFC 7638: the hash of the members that make the key what it is, in alphabetical order. */
function thumbprint(n: string, e: string): string {
  return createHash('sha256')
    .update(JSON.stringify({ e, kty: 'RSA', n }))
    .digest('base64url');
}

/** The token issuer of a service that runs without an identity provider: one RSA key, for one machine. */
export class EmbeddedIssuer {
  readonly publicKey: KeyObject;
  readonly jwk: PublicJwk;

  constructor(
    private readonly privateKey: KeyObject,
    readonly profile: TokenProfile,
  ) {
    this.publicKey = createPublicKey(privateKey);
    const { n, e } = this.publicKey.export({ format: 'jwk' }) as { n: string; e: string };
    this.jwk = { kty: 'RSA', n, e, kid: thumbprint(n, e), use: 'sig', alg: 'RS256' };
  }

  /** A bearer token that this service accepts. */
  signToken({ sub, name, roles, datasets, expiresInSeconds }: TokenRequest): string {
    const rights = { [this.profile.rolesClaim]: roles, ...(datasets && { [this.profile.datasetsClaim]: datasets }) };
    const claims = { sub, name, ...rights, iss: embeddedIssuer.issuer, aud: embeddedIssuer.audience };
    return this.sign(claims, expiresInSeconds, this.profile.typ);
  }

  /** A token with any claims, such as the cookies of compat `POST /jobs`. */
  signClaims(claims: Readonly<Record<string, unknown>>, expiresInSeconds: number): string {
    return this.sign(claims, expiresInSeconds, 'JWT');
  }

  private sign(claims: object, expiresIn: number, typ: string): string {
    return jsonwebtoken.sign({ ...claims }, this.privateKey, {
      header: { alg: 'RS256', typ, kid: this.jwk.kid },
      algorithm: 'RS256',
      expiresIn,
    });
  }
}

const keyPathIn = (dataDir: string): string => join(dataDir, 'keys', 'issuer.pem');

function issuerFrom(pem: string, path: string, profile: TokenProfile): EmbeddedIssuer {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    throw new IssuerKeyError(
      `${path} holds no private key. Restore it from a backup, or delete it: a new one is made, and every token signed so far ends.`,
      error,
    );
  }
  if (key.asymmetricKeyType !== 'rsa') throw new IssuerKeyError(`${path} must hold an RSA key.`);
  return new EmbeddedIssuer(key, profile);
}

/** The profile of tokens for a service with these settings. */
export const tokenProfileOf = ({
  jwtRolesClaim,
  jwtDatasetsClaim,
  jwtTyp,
}: Pick<Settings, 'jwtRolesClaim' | 'jwtDatasetsClaim' | 'jwtTyp'>): TokenProfile => ({
  rolesClaim: jwtRolesClaim,
  datasetsClaim: jwtDatasetsClaim,
  typ: jwtTyp ?? defaultProfile.typ,
});

const defaultProfile: TokenProfile = { rolesClaim: 'roles', datasetsClaim: 'datasets', typ: 'JWT' };

/** Runs file operations on the key, and tells their failure in a sentence. */
async function onKeyFile<T>(path: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof IssuerKeyError) throw error;
    throw new IssuerKeyError(
      `${path} cannot be used (${code}). It must belong to the user that runs the service; DATA_DIR names its folder.`,
      error,
    );
  }
}

/** A restored backup may have lost the mode. */
async function closeToOthers(path: string): Promise<void> {
  if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o600);
}

/**
 * The embedded issuer whose key lies under a data folder; null when there is no key yet.
 * @throws IssuerKeyError when the file cannot be read or holds no usable key
 */
export async function existingEmbeddedIssuer(dataDir: string, profile: TokenProfile = defaultProfile): Promise<EmbeddedIssuer | null> {
  const path = keyPathIn(dataDir);
  const pem = await onKeyFile(path, () => textOf(path));
  return pem === null ? null : issuerFrom(pem, path, profile);
}

/**
 * The embedded issuer of a data folder. Makes its key at the first start, readable by its owner only; of several that start at once all use the same key,
 * and a crash leaves either no key or a whole one.
 * @throws IssuerKeyError when the file cannot be written or read, or holds no usable key
 */
export async function ensureEmbeddedIssuer(dataDir: string, profile: TokenProfile = defaultProfile): Promise<EmbeddedIssuer> {
  const path = keyPathIn(dataDir);
  await onKeyFile(path, async () => {
    if ((await textOf(path)) === null) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2_048 });
      await createFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
    }
    await closeToOthers(path);
  });
  return (await existingEmbeddedIssuer(dataDir, profile)) as EmbeddedIssuer;
}
