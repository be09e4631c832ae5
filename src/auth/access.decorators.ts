import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import { ApiBearerAuth, ApiCookieAuth, ApiResponse } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Caller, Role } from '../common/caller.js';
import { ApiProblems } from '../common/http/api-problems.js';
import type { Access } from './access.js';
import type { DatasetToken } from './datasets/dataset-permissions.js';
import { callerOf } from './request-caller.js';

/** Name of the bearer scheme in the OpenAPI document. */
export const bearerScheme = 'bearer';

/** Name of the cookie scheme of compat `POST /jobs` in the OpenAPI document. */
export const jobCookieScheme = 'jobCookies';

/** Writes the access beside whatever else other decorators put into the route's config, which Nest keeps as metadata of the handler. */
function access(value: Access): MethodDecorator {
  return (target, key, descriptor: PropertyDescriptor) => {
    const handler = descriptor.value as object;
    const config = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) as object | undefined;
    RouteConfig({ ...config, access: value })(target, key, descriptor);
  };
}

const messageAnswer = (status: number, description: string): MethodDecorator =>
  ApiResponse({ status, description, schema: { type: 'object', required: ['message'], properties: { message: { type: 'string' } } } });

/**
 * A native route for bearers of one of these roles; admin always may, `reader` means every role. Stand above a `@RouteConfig`, so that both are kept.
 * @see SECURITY.md 1
 */
export const Roles = (first: Role, ...others: Role[]): MethodDecorator =>
  applyDecorators(access({ kind: 'roles', roles: [first, ...others] }), ApiBearerAuth(bearerScheme), ApiProblems(401, 403, 429, 503));

/** A route for everybody. */
export const Public = (): MethodDecorator => access({ kind: 'public' });

/** A compat route: as `Roles` with `COMPAT_AUTH=strict`, open with `reference`, where any Authorization header is ignored. */
export const CompatRoles = (first: Role, ...others: Role[]): MethodDecorator =>
  applyDecorators(
    access({ kind: 'compat', roles: [first, ...others] }),
    ApiBearerAuth(bearerScheme),
    messageAnswer(401, 'No usable token; not with COMPAT_AUTH=reference'),
    messageAnswer(403, 'The token lacks a role; not with COMPAT_AUTH=reference'),
    messageAnswer(503, 'The keys that verify tokens cannot be read now; Retry-After says when'),
  );

/** A compat route of traces: any bearer token that is accepted; its handler asks `DatasetPermissions` once it knows the dataset. */
export const DatasetAccess = (): MethodDecorator =>
  applyDecorators(
    access({ kind: 'datasets' }),
    ApiBearerAuth(bearerScheme),
    messageAnswer(401, 'No usable token'),
    messageAnswer(403, 'The token may not write the dataset'),
    messageAnswer(503, 'Nobody can say now what the token may do; Retry-After says when'),
  );

/** Compat `POST /jobs`: its two cookies alone decide, which its controller asks `JobCookies` about after validating the body. */
export const CompatCookies = (): MethodDecorator =>
  applyDecorators(
    access({ kind: 'cookies' }),
    ApiCookieAuth(jobCookieScheme),
    messageAnswer(401, 'A cookie is missing or not valid'),
    messageAnswer(403, 'The request comes from another site'),
    messageAnswer(503, 'The keys that verify tokens cannot be read now; Retry-After says when'),
  );

/** The `Caller` of the request; anonymous on a public or open route. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  return callerOf(context.switchToHttp().getRequest<FastifyRequest>());
});

/** The token of a request to a route with `DatasetAccess`. */
export const CurrentDatasetToken = createParamDecorator((_data: unknown, context: ExecutionContext): DatasetToken => {
  return context.switchToHttp().getRequest<FastifyRequest>().datasetToken!;
});

/** Every role of the request's token, where a route decides by its body; none on a public or open route. */
export const CurrentRoles = createParamDecorator((_data: unknown, context: ExecutionContext): readonly Role[] => {
  return context.switchToHttp().getRequest<FastifyRequest>().principal?.roles ?? [];
});
