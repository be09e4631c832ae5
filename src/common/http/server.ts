import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
  type RawServerDefault,
} from 'fastify';
import { RequestInvalidError } from '../errors/request.errors.js';
import { answerClientError, watchArrivals } from './client-errors.js';
import { installHandlerTime } from './handler-time.js';
import { installJsonBodies } from './json-bodies.js';
import { installPlainJsonType } from './plain-json-type.js';
import { closeQuietConnections } from './quiet-connections.js';
import { serverLimits } from './server-limits.js';
import { installAnswersWithoutRoute } from './without-route.js';

export interface ServerOptions {
  readonly logger: FastifyBaseLogger;
  /** Addresses or networks whose forwarding headers are believed; none by default. */
  readonly trustedProxies: readonly string[];
  /** Makes the id of a request from its headers. */
  readonly requestIdOf: (headers: NodeJS.Dict<string | string[]>) => string;
  /** Answers errors that occur before a route is found, such as a malformed address. */
  readonly onFrameworkError: (error: Error, request: FastifyRequest, reply: FastifyReply) => void;
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
    http: {
      maxHeaderSize: serverLimits.headerBytes,
      headersTimeout: serverLimits.headersMs,
      connectionsCheckingInterval: 2_000,
      requireHostHeader: false, // Node would answer without a body: see `refuseWithoutHost`
    },
  } as ConstructorParameters<typeof FastifyAdapter>[0]) as FastifyAdapter;
}

/** @see RFC 9112 3.2 */
function refuseWithoutHost({ raw: { httpVersion, headers } }: FastifyRequest): void {
  if (httpVersion === '1.1' && headers.host === undefined) throw new RequestInvalidError('HTTP/1.1 requests need a Host header.');
}

function refuseLongQuery({ raw: { url = '' } }: FastifyRequest): void {
  const query = url.indexOf('?');
  if (query >= 0 && url.length - query > serverLimits.queryBytes) throw new RequestInvalidError('The query string is longer than 4 KiB.');
}

/** Hooks that hold for every route. Call before the application is initialised, so that they see all routes. */
export function installServerRules(instance: FastifyInstance<RawServerDefault>): void {
  closeQuietConnections(instance);
  watchArrivals(instance);
  instance.addHook('onRequest', (request, _reply, done) => {
    refuseWithoutHost(request);
    done();
  });
  installAnswersWithoutRoute(instance);
  instance.addHook('preValidation', (request, _reply, done) => {
    refuseLongQuery(request);
    done();
  });
  installJsonBodies(instance);
  installHandlerTime(instance);
  installPlainJsonType(instance);
}
