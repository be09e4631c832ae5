import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { MethodNotAllowedError, RouteUnknownError } from '../errors/request.errors.js';
import { AllowedMethods, hasEmptyParameter } from './allowed-methods.js';
import { pathOf } from './request-path.js';

/**
 * Answers OPTIONS on paths that exist.
 * @throws RouteUnknownError, MethodNotAllowedError for everything else without a route, before its body is looked at
 */
function answerWithoutRoute(allowed: AllowedMethods, request: FastifyRequest, reply: FastifyReply): void {
  const methods = allowed.of(pathOf(request));
  if (methods.length === 0) throw new RouteUnknownError(pathOf(request));
  if (request.method !== 'OPTIONS') throw new MethodNotAllowedError(request.method, methods);
  void reply.status(200).header('Allow', methods.join(', ')).send('');
}

/** 404, 405 and OPTIONS, for all paths. Call before the routes are registered. */
export function installAnswersWithoutRoute(instance: FastifyInstance): void {
  const allowed = new AllowedMethods();
  allowed.watch(instance);
  instance.addHook('onRequest', (request, reply, done) => {
    if (request.is404 || hasEmptyParameter(request.params)) answerWithoutRoute(allowed, request, reply);
    else done();
  });
}
