import type { FastifyInstance, FastifyRequest } from 'fastify';
import { EncodedBodyError, MediaTypeError } from '../errors/request.errors.js';
import { bodyLimitsOf, checkBody } from './body-limits.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body is read as JSON whatever its content type says. */
    anyContentType?: boolean;
    /** The text of the body is kept in `bodyText`. */
    keepsBodyText?: boolean;
  }
  interface FastifyRequest {
    /** The body as it was sent, on a route that says `keepsBodyText`. */
    bodyText: string;
  }
}

const methodsWithBody = new Set(['POST', 'PUT', 'PATCH']);

type ParseJson = (request: FastifyRequest, text: string, done: (error: Error | null, body?: unknown) => void) => void;

/** Fastify's secure parser under any JSON content type. */
function parseOnlyJson(instance: FastifyInstance): void {
  instance.removeAllContentTypeParsers();
  instance.decorateRequest('bodyText', '');
  const parse = instance.getDefaultJsonParser('error', 'error') as unknown as ParseJson;
  const parseAndKeep: ParseJson = (request, text, done) => {
    if (request.routeOptions.config.keepsBodyText) request.bodyText = text;
    parse(request, text, done);
  };
  instance.addContentTypeParser(/^application\/(?:[\w.-]+\+)?json(?:\s*;|$)/i, { parseAs: 'string' }, parseAndKeep as never);
}

/** Which parser reads a body is decided by this header alone, and some clients send none, or a wrong one. */
function takeAsJson(request: FastifyRequest): void {
  if (request.routeOptions.config?.anyContentType && methodsWithBody.has(request.method))
    request.headers['content-type'] = 'application/json';
}

/** True for a request whose body the framework reads. */
function bringsBody({ method, headers }: FastifyRequest): boolean {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Nothing here reads compressed bodies, and a compressed one must not be taken for what it is not. @see RFC 9110 8.4 */
function refuseEncodedBody(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity' && bringsBody(request)) throw new EncodedBodyError();
}

function checkParsedBody(request: FastifyRequest): void {
  if (!methodsWithBody.has(request.method)) return;
  if (request.body === undefined && request.headers['content-type'] === undefined) throw new MediaTypeError();
  checkBody(request.body, bodyLimitsOf(request));
}

/** Bodies are JSON of bounded structure; nothing else is read, but on routes that say `anyContentType`. */
export function installJsonBodies(instance: FastifyInstance): void {
  parseOnlyJson(instance);
  instance.addHook('onRequest', (request, _reply, done) => {
    takeAsJson(request);
    done();
  });
  instance.addHook('preParsing', (request, _reply, payload, done) => {
    refuseEncodedBody(request);
    done(null, payload);
  });
  instance.addHook('preValidation', (request, _reply, done) => {
    checkParsedBody(request);
    done();
  });
}
