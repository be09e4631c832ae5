import type { KeyObject } from 'node:crypto';
import passport from 'passport';
import { type SecretOrKeyProvider, Strategy, type VerifiedCallback } from 'passport-jwt';
import { AppError } from '../common/errors/app-error.js';
import { TokenExpiredError, TokenInvalidError } from './auth.errors.js';
import { bearerAlgorithms, type KeySource } from './keys/key-source.js';
import { clockToleranceSeconds, type Principal, principalOf, type TokenRules } from './token-claims.js';
import { checkedHeader, refuseWithoutClaims } from './token-header.js';

/** All that the strategy sees of a request. */
interface Attempt {
  readonly token: string;
  /** Ends the attempt when a library throws in a callback, where nothing else would hear of it. */
  readonly giveUp: (error: unknown) => void;
}

type PassportHandler = (attempt: Attempt, response: object, next: (error: unknown) => void) => void;

const bearer = 'bearer';

type ProvideKey = (error: unknown, key?: KeyObject) => void;

const reasons: readonly (readonly [RegExp, (rules: TokenRules) => string])[] = [
  [/^invalid signature/, () => 'The signature of the token does not fit its key.'],
  [/^jwt audience invalid/, (rules) => `The token is not meant for this service: its aud claim must contain "${rules.audience}".`],
  [/^jwt issuer invalid/, (rules) => `The token comes from another issuer: its iss claim must be "${rules.issuer}".`],
  [/^jwt not active/, () => 'The token is not valid yet.'],
  [/^iat required/, () => 'The token has no iat claim, which this service needs to know its age.'],
  [/^invalid (nbf|exp) value/, () => 'The exp and nbf claims of the token must be numbers.'],
];

/** What a failure of passport or jsonwebtoken means to the caller. */
function toAuthError(failure: unknown, rules: TokenRules): AppError {
  if (failure instanceof AppError) return failure; // ours, passed through passport: also an outage of the key set, which is no failed login
  const message = failure instanceof Error ? failure.message : '';
  if (message === 'jwt expired') return new TokenExpiredError('The token has expired.', failure);
  if (message === 'maxAge exceeded') return new TokenExpiredError(`The token is older than ${rules.maxAgeSeconds} seconds.`, failure);
  const reason = reasons.find(([pattern]) => pattern.test(message))?.[1];
  return new TokenInvalidError(reason ? reason(rules) : 'The token is not a signed JWT.', failure);
}

/** Verifies bearer tokens against the rules of `SECURITY-RULES.md` 2, with one strategy for the life of the process. */
export class BearerVerifier {
  private readonly passport = new passport.Passport();

  constructor(
    private readonly keys: KeySource,
    private readonly rules: TokenRules,
  ) {
    const provideKey = ({ giveUp }: Attempt, token: string, done: ProvideKey): void => {
      this.keyOf(token)
        .then((key) => done(null, key), done)
        .catch(giveUp);
    };
    const options = {
      jwtFromRequest: (attempt: unknown) => (attempt as Attempt).token,
      secretOrKeyProvider: provideKey as unknown as SecretOrKeyProvider, // its types know no parsed keys, jsonwebtoken takes them
      algorithms: [...bearerAlgorithms],
      issuer: rules.issuer,
      audience: rules.audience,
      jsonWebTokenOptions: { clockTolerance: clockToleranceSeconds, ...(rules.maxAgeSeconds !== null && { maxAge: rules.maxAgeSeconds }) },
    };
    this.passport.use(bearer, new Strategy(options, (claims: unknown, done: VerifiedCallback) => done(null, principalOf(claims, rules))));
  }

  /**
   * The principal of a token.
   * @throws TokenInvalidError, TokenExpiredError when the token breaks a rule
   * @throws KeysUnavailableError when its key cannot be looked up now
   */
  verify(token: string): Promise<Principal> {
    return new Promise((resolve, reject) => {
      const finish = (error: unknown, principal?: Principal | false, info?: unknown): void => {
        if (principal) resolve(principal);
        else reject(toAuthError(error ?? info, this.rules));
      };
      const authenticate = this.passport.authenticate(bearer, { session: false }, finish) as PassportHandler;
      authenticate({ token, giveUp: finish }, {}, finish);
    });
  }

  private async keyOf(token: string): Promise<KeyObject> {
    const { alg, kid } = checkedHeader(token, bearerAlgorithms, this.rules.typ);
    refuseWithoutClaims(token);
    const found = await this.keys.find(kid);
    if (!found) throw new TokenInvalidError('The token was signed with a key that is not known here.');
    if (!found.algorithms.some((algorithm) => algorithm === alg))
      throw new TokenInvalidError(`The key of the token is not meant for ${alg}.`);
    return found.key;
  }
}
