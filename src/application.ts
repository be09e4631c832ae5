import helmet from '@fastify/helmet';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import { ErrorFilter } from './common/http/error.filter.js';
import { createAdapter, installServerRules } from './common/http/server.js';
import type { Settings } from './config/settings.js';
import { installObservability, NestPinoLogger, requestIdOf, stampRequest } from './observability/index.js';

/** @see SECURITY.md 7 */
const contentSecurityPolicy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    fontSrc: ["'self'"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
};

function installSecurityHeaders(instance: FastifyInstance): void {
  void instance.register(helmet, {
    contentSecurityPolicy,
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: false,
  });
  instance.addHook('onRequest', (request, reply, done) => {
    reply.header('permissions-policy', 'camera=(), geolocation=(), microphone=()');
    if (!request.raw.url?.startsWith('/docs/assets/')) reply.header('cache-control', 'no-store');
    done();
  });
}

/**
 * The application, initialised but not listening. Its database is connected in the background: see `DatabaseStarter.ready`.
 * @param databaseUrl address of the replica set, credentials included
 */
export async function createApplication(settings: Settings, databaseUrl: string, logger: Logger): Promise<NestFastifyApplication> {
  const held: { app?: NestFastifyApplication } = {};
  const adapter = createAdapter({
    logger,
    trustedProxies: settings.trustedProxies,
    requestIdOf,
    onFrameworkError: (error, request, reply) => {
      stampRequest(request, reply);
      held.app?.get(ErrorFilter).answer(error, request, reply);
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(settings, databaseUrl), adapter, {
    logger: new NestPinoLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  held.app = app;
  const instance = adapter.getInstance<FastifyInstance>();
  installObservability(app);
  installSecurityHeaders(instance);
  installServerRules(instance);
  await app.init();
  return app;
}
