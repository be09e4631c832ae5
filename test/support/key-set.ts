import { generateKeyPairSync, randomUUID, type JsonWebKey, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import jwt from 'jsonwebtoken';

/** The claims of the two cookies of `POST /jobs`; undefined removes one. */
export interface CookieClaims {
  readonly authorization?: Readonly<Record<string, unknown>>;
  readonly userInfo?: Readonly<Record<string, unknown>>;
}

const hourFromNow = () => Math.floor(Date.now() / 1000) + 3600;

/** An identity provider of a test: signs tokens and serves the keys that verify them. */
export class StubKeySet {
  readonly issuer = 'https://identity.test';
  readonly audience = 'signalbox-test';
  readonly userId = randomUUID();
  /** Answers with 500 while true. */
  failing = false;
  /** How often the key set was read. */
  reads = 0;
  readonly #keys = new Map<string, { privateKey: KeyObject; publicJwk: JsonWebKey }>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<StubKeySet> {
    const server = createServer((_request, response) => {
      keySet.reads += 1;
      response.writeHead(keySet.failing ? 500 : 200, { 'content-type': 'application/json' }).end(keySet.document());
    });
    const keySet = new StubKeySet(server);
    keySet.addKey('key-1');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return keySet;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/jwks`;
  }

  /** Settings that make a service trust this key set. */
  get environment(): Record<string, string> {
    return { JWKS_URL: this.url, JWT_ISSUER: this.issuer, JWT_AUDIENCE: this.audience };
  }

  addKey(kid: string): void {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.#keys.set(kid, { privateKey, publicJwk: publicKey.export({ format: 'jwk' }) });
  }

  document(): string {
    // No `alg`: the same key verifies RS256 and RS512, as in the original.
    return JSON.stringify({ keys: [...this.#keys].map(([kid, { publicJwk }]) => ({ ...publicJwk, kid, use: 'sig' })) });
  }

  /** A token signed by a key of this set, or by the given private key under its name. */
  sign(claims: object, options: jwt.SignOptions & { privateKey?: KeyObject } = {}): string {
    const { privateKey, ...rest } = options;
    const key = privateKey ?? this.#keys.get(rest.keyid ?? 'key-1')?.privateKey;
    if (!key) throw new Error(`no key ${rest.keyid}`);
    return jwt.sign(claims, key, { algorithm: 'RS256', keyid: 'key-1', ...rest });
  }

  /** A bearer token with one role. */
  bearer(role: string): string {
    return this.sign({ iss: this.issuer, aud: this.audience, sub: `${role}@test`, exp: hourFromNow(), roles: [role] });
  }

  /** Claims of the authorization cookie, as the data platform issues them. */
  authorizationClaims(): Record<string, unknown> {
    return {
      aud: ['datastore'],
      sub: 'u-17',
      exp: hourFromNow(),
      'accreditation/role': 'role/dataadministrator',
      'user/uuid': this.userId,
    };
  }

  /** Claims of the user-info cookie. */
  userInfoClaims(): Record<string, unknown> {
    return { exp: hourFromNow(), 'user/uuid': this.userId, 'user/firstName': 'Kari', 'user/lastName': 'Lie' };
  }

  /** The value of the Cookie header of `POST /jobs`. */
  cookies({ authorization, userInfo }: CookieClaims = {}, options: jwt.SignOptions & { privateKey?: KeyObject } = {}): string {
    const first = this.sign(withoutUndefined({ ...this.authorizationClaims(), ...authorization }), options);
    const second = this.sign(withoutUndefined({ ...this.userInfoClaims(), ...userInfo }), options);
    return `authorization=${first}; user-info=${second}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function withoutUndefined(claims: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}
