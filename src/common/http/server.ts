import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
  type RawServerDefault,
} from 'fastify';
import { MediaTypeError, MethodNotAllowedError, RequestInvalidError, RouteUnknownError } from '../errors/request.errors.js';
import { ServiceUnavailableError } from '../errors/service.errors.js';
import { AllowedMethods } from './allowed-methods.js';
import { bodyLimitsOf, checkBody } from './body-limits.js';
import { pathOf } from './error.filter.js';

/** @see SECURITY.md 6 */
const serverLimits = {
  bodyBytes: 1_048_576,
  headerBytes: 16_384,
  headersMs: 10_000,
  requestMs: 30_000,
  handlerMs: 10_000,
  queryBytes: 4_096,
  pathParameterCharacters: 2_048,
  keepAliveMs: 72_000,
} as const;

export interface ServerOptions {
  readonly logger: FastifyBaseLogger;
  /** Addresses or networks whose forwarding headers are believed; none by default. */
  readonly trustedProxies: readonly string[];
  /** Makes the id of a request from its headers. */
  readonly requestIdOf: (headers: NodeJS.Dict<string | string[]>) => string;
  /** Answers errors that occur before a route is found, such as a malformed address. */
  readonly onFrameworkError: (error: Error, request: FastifyRequest, reply: FastifyReply) => void;
}

const clientErrors: Record<string, readonly [string, string]> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The request headers are larger than 16 KiB.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request was not received in time.'],
};

/** Answers what is no HTTP request, so that it has neither path nor id: in the envelope that unknown paths have. */
function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] = clientErrors[error.code ?? ''] ?? ['400 Bad Request', 'This is not an HTTP request.'];
  const body = JSON.stringify({ message });
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroySoon());
}

/** The Fastify adapter with the limits of the service. */
export function createAdapter(options: ServerOptions): FastifyAdapter {
  return new FastifyAdapter({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: (raw) => options.requestIdOf(raw.headers),
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    bodyLimit: serverLimits.bodyBytes,
    requestTimeout: serverLimits.requestMs,
    keepAliveTimeout: serverLimits.keepAliveMs,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    routerOptions: { maxParamLength: serverLimits.pathParameterCharacters },
    frameworkErrors: options.onFrameworkError,
    clientErrorHandler: answerClientError,
    http: { maxHeaderSize: serverLimits.headerBytes, headersTimeout: serverLimits.headersMs, connectionsCheckingInterval: 2_000 },
  } as ConstructorParameters<typeof FastifyAdapter>[0]) as FastifyAdapter;
}

const methodsWithBody = new Set(['POST', 'PUT', 'PATCH']);

type ParseJson = (request: FastifyRequest, text: string, done: (error: Error | null, body?: unknown) => void) => void;

/** JSON under any JSON content type, parsed by Fastify's secure parser; nothing else is read, but on routes that say `anyContentType`. */
function readOnlyJson(instance: FastifyInstance): void {
  instance.removeAllContentTypeParsers();
  instance.decorateRequest('bodyText', '');
  const parse = instance.getDefaultJsonParser('error', 'error') as unknown as ParseJson;
  const parseAndKeep: ParseJson = (request, text, done) => {
    if (request.routeOptions.config.anyContentType) request.bodyText = text;
    parse(request, text, done);
  };
  instance.addContentTypeParser(/^application\/(?:[\w.-]+\+)?json(?:\s*;|$)/i, { parseAs: 'string' }, parseAndKeep as never);
  instance.addHook('onRequest', (request, _reply, done) => {
    // Which parser reads a body is decided by this header alone, and some clients send none, or a wrong one.
    if (request.routeOptions.config?.anyContentType && methodsWithBody.has(request.method))
      request.headers['content-type'] = 'application/json';
    done();
  });
}

function checkRequest(request: FastifyRequest): void {
  const query = request.raw.url?.indexOf('?') ?? -1;
  if (query >= 0 && request.raw.url!.length - query > serverLimits.queryBytes)
    throw new RequestInvalidError('The query string is longer than 4 KiB.');
  if (!methodsWithBody.has(request.method)) return;
  if (request.body === undefined && request.headers['content-type'] === undefined) throw new MediaTypeError();
  checkBody(request.body, bodyLimitsOf(request));
}

/** Nothing here reads compressed bodies, and a compressed one must not be taken for what it is not. @see RFC 9110 8.4 */
function refuseEncodedBody(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new MediaTypeError('Bodies are read without Content-Encoding.');
}

/** True for `/jobs/`, which the router takes for a job without an id. */
const hasEmptyParameter = (request: FastifyRequest): boolean => Object.values(request.params as object).includes('');

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

/** Fastify adds a charset that the originals never sent; their clients compare the header. */
function plainJsonType(request: FastifyRequest, reply: FastifyReply): void {
  if (reply.getHeader('content-type') === 'application/json; charset=utf-8' && !request.raw.url!.startsWith('/api/')) {
    reply.header('content-type', 'application/json');
  }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Longest time of the handler in seconds, for a route that waits for something; see `serverLimits.handlerMs`. */
    handlerSeconds?: number;
    /** The body is read as JSON whatever its content type says, and its text is kept in `bodyText`. */
    anyContentType?: boolean;
  }
  interface FastifyRequest {
    /** The body as it was sent, on a route that says `anyContentType`. */
    bodyText: string;
  }
}

/**
 * Answers 503 when a handler takes too long. The time begins when the body has been read, which has its own limit; what the handler does then goes on, and its
 * answer is dropped. Streams have no limit once they have begun.
 */
function limitHandler(request: FastifyRequest, reply: FastifyReply): void {
  const seconds = request.routeOptions.config.handlerSeconds;
  const timer = setTimeout(
    () => {
      if (!reply.sent && !reply.raw.headersSent) reply.send(new ServiceUnavailableError('The answer took too long. Try again.'));
    },
    seconds === undefined ? serverLimits.handlerMs : seconds * 1_000,
  );
  reply.raw.once('close', () => clearTimeout(timer));
}

/** Hooks that hold for every route. Call before the application is initialised, so that they see all routes. */
export function installServerRules(instance: FastifyInstance<RawServerDefault>): void {
  readOnlyJson(instance);
  const allowed = new AllowedMethods();
  allowed.watch(instance);
  instance.addHook('onRequest', (request, reply, done) => {
    if (request.is404 || hasEmptyParameter(request)) answerWithoutRoute(allowed, request, reply);
    else done();
  });
  instance.addHook('preParsing', (request, _reply, payload, done) => {
    refuseEncodedBody(request);
    done(null, payload);
  });
  instance.addHook('preValidation', (request, _reply, done) => {
    checkRequest(request);
    done();
  });
  instance.addHook('preHandler', (request, reply, done) => {
    limitHandler(request, reply);
    done();
  });
  instance.addHook('onSend', (request, reply, payload, done) => {
    plainJsonType(request, reply);
    done(null, payload);
  });
}
