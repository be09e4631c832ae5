import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/internal.js';
import type { FastifyRequest } from 'fastify';
import { RequestInvalidError } from '../errors/request.errors.js';
import { isNative } from './request-path.js';

/** True when a handler has a query among its parameters, which Nest keeps by `<kind>:<index>`. */
function readsQuery(context: ExecutionContext): boolean {
  const parameters = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), context.getHandler().name) as object | undefined;
  return Object.keys(parameters ?? {}).some((name) => name.startsWith(`${RouteParamtypes.QUERY}:`));
}

/**
 * Refuses query parameters at native routes that know none; where a route knows some, its query DTO refuses the others.
 * @throws RequestInvalidError
 */
@Injectable()
export class UnknownQueryGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const [name] = Object.keys(request.query as object);
    if (name === undefined || !isNative(request) || readsQuery(context)) return true;
    const message = `${name} is not known here: this address takes no query`;
    throw new RequestInvalidError(message, [{ pointer: `?${name}`, code: 'unknown', message }]);
  }
}
