import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import type { Role } from '../common/caller.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { CompatError } from '../common/http/compat-error.js';
import { type Access, sufficientRoles, unstatedAccess } from './access.js';
import { RoleMissingError, UnauthenticatedError } from './auth.errors.js';
import { BearerVerifier } from './bearer-verifier.js';
import { SubjectRateLimit } from './rate-limit.js';
import { DatasetPermissions } from './datasets/dataset-permissions.js';
import './request-caller.js';
import { bearerTokenOf } from './token-header.js';

/**
 * Decides about every request before its body is read, so that 401 and 403 come before 400. Installs itself when the application is initialised: Fastify
 * applies hooks that are added until it is ready to all routes. A route without `Access` is for admins; the 404 handler is for everybody.
 */
@Injectable()
export class Authentication implements OnModuleInit {
  private readonly rateLimit: SubjectRateLimit | null;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly verifier: BearerVerifier,
    private readonly datasets: DatasetPermissions,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    this.rateLimit = settings.rateLimitPerSecond === null ? null : new SubjectRateLimit(settings.rateLimitPerSecond);
  }

  onModuleInit(): void {
    const instance = this.host.httpAdapter?.getInstance<FastifyInstance>();
    if (!instance) return; // an application without HTTP
    instance.decorateRequest('principal', null);
    instance.decorateRequest('datasetToken', null);
    instance.addHook('onRequest', (request, _reply, done) => this.onRequest(request, done));
  }

  private onRequest(request: FastifyRequest, done: HookHandlerDoneFunction): void {
    if (request.is404) return done();
    const access = request.routeOptions.config.access ?? unstatedAccess;
    if (access.kind === 'datasets') return void this.admitToDatasets(request).then(() => done(), done);
    const sufficient = this.sufficientFor(access);
    if (sufficient === null) return done();
    this.admit(request, sufficient).then(
      () => done(),
      (error: Error) => done(access.kind === 'compat' && error instanceof UnauthenticatedError ? error.onCompatRoute() : error),
    );
  }

  /** The roles that may use a route; null when it is open. */
  private sufficientFor(access: Access): readonly Role[] | null {
    if (!('roles' in access)) return null;
    if (access.kind === 'compat' && this.settings.compatAuth === 'reference') return null;
    return sufficientRoles(access.roles);
  }

  /** Who may do what is decided later, when the dataset is known; the refusal is that of the original's gateway. */
  private async admitToDatasets(request: FastifyRequest): Promise<void> {
    try {
      const token = await this.datasets.admit(request.headers.authorization);
      if (this.settings.keycloak === null) this.rateLimit?.take(token.principal.id); // else anybody could use up another's share
      request.principal = token.principal;
      request.datasetToken = token;
    } catch (error) {
      throw error instanceof UnauthenticatedError ? new CompatError(401, 'Unauthorized', error.headers) : error;
    }
  }

  private async admit(request: FastifyRequest, sufficient: readonly Role[]): Promise<void> {
    const principal = await this.verifier.verify(bearerTokenOf(request.headers.authorization));
    this.rateLimit?.take(principal.id);
    if (!principal.roles.some((role) => sufficient.includes(role))) throw new RoleMissingError(sufficient);
    request.principal = principal;
  }
}
