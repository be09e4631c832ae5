import fastifyCookie from '@fastify/cookie';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { CompatError } from '../../common/http/compat-error.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { KeysUnavailableError } from '../auth.errors.js';
import { KeySource, type VerificationKey } from '../keys/key-source.js';
import { type Claims, CookieTokenError, takeApart, type UnverifiedToken, verifiedClaims } from './cookie-token.js';
import { cookieAudience, cookieClaims, cookieNames, dataAdministrator } from './cookie-claims.js';

/** Who creates compat jobs, as it stands in their `createdBy`. */
export interface CookieUser {
  readonly userId: string;
  readonly firstName: string;
  readonly lastName: string;
}

/** Cookies by name, or the whole Cookie header; undefined without one. */
export type Cookies = string | Readonly<Record<string, string | undefined>> | undefined;

const testUser: CookieUser = { userId: '1234-1234-1234-1234', firstName: 'Test', lastName: 'User' };

const inAuthorization = ['aud', 'sub', cookieClaims.role, cookieClaims.userId];
const inUserInfo = [cookieClaims.userId, cookieClaims.firstName, cookieClaims.lastName];

const maxRoleCharacters = 200;

const unauthorized = (message: string): CompatError => new CompatError(401, message);

const text = (claim: unknown): string => (typeof claim === 'object' ? JSON.stringify(claim) : String(claim));

/** The two cookies that compat `POST /jobs` asks for. */
@Injectable()
export class JobCookies implements OnModuleInit {
  private readonly audience: string;

  constructor(
    private readonly keys: KeySource,
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly host: HttpAdapterHost,
  ) {
    this.audience = cookieAudience(settings.stack);
  }

  /** Loads the cookie parser, without its hook: only one route reads cookies. Awaiting it here would end Fastify's start before Nest has set its error handler. */
  onModuleInit(): void {
    const instance = this.host.httpAdapter?.getInstance<FastifyInstance>();
    if (instance && !instance.hasDecorator('parseCookie')) void instance.register(fastifyCookie, { hook: false });
  }

  /**
   * The user that both cookies name; with `JWT_AUTH=false` always the same test user. Call after the body is validated.
   * @throws CompatError 401 with the reference's text, 503 when the keys cannot be read now
   * @see contracts/jobs.md 2
   */
  async verify(cookies: Cookies): Promise<CookieUser> {
    if (!this.settings.jwtAuth) return testUser;
    const sent = typeof cookies === 'string' ? this.host.httpAdapter.getInstance<FastifyInstance>().parseCookie(cookies) : (cookies ?? {});
    const authorization = sent[cookieNames.authorization];
    const userInfo = sent[cookieNames.userInfo];
    if (authorization === undefined) throw unauthorized('Unauthorized. No authorization token was provided');
    if (userInfo === undefined) throw unauthorized('Unauthorized. No user info token was provided');
    try {
      return await this.userIn(authorization, userInfo);
    } catch (error) {
      if (error instanceof CookieTokenError) throw unauthorized(`Unauthorized: ${error.message}`);
      if (error instanceof KeysUnavailableError)
        throw new CompatError(503, error.message, { 'Retry-After': String(error.retryAfterSeconds) });
      throw error;
    }
  }

  private async userIn(authorization: string, userInfo: string): Promise<CookieUser> {
    const token = takeApart(authorization);
    const key = await this.keyOf(token);
    const { [cookieClaims.role]: role, [cookieClaims.userId]: userId } = verifiedClaims(token, {
      key,
      required: inAuthorization,
      audience: this.audience,
    });
    if (role !== dataAdministrator) throw unauthorized(`Can't start job with role: ${text(role).slice(0, maxRoleCharacters)}`);
    const user: Claims = verifiedClaims(takeApart(userInfo), { key, required: inUserInfo });
    if (text(userId) !== text(user[cookieClaims.userId]) || typeof userId !== typeof user[cookieClaims.userId])
      throw unauthorized('Token mismatch');
    return { userId: text(userId), firstName: text(user[cookieClaims.firstName]), lastName: text(user[cookieClaims.lastName]) };
  }

  /** The authorization token names the key of both. */
  private async keyOf({ kid }: UnverifiedToken): Promise<VerificationKey> {
    const key = typeof kid === 'string' ? await this.keys.find(kid) : undefined;
    if (!key) throw new CookieTokenError('Unable to find a signing key that matches the token');
    return key;
  }
}
