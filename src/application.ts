import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import { ErrorFilter } from './common/http/error.filter.js';
import { installCrossOrigin } from './common/http/cross-origin.js';
import { createAdapter, installServerRules } from './common/http/server.js';
import type { Settings } from './config/settings.js';
import { installDatabaseGate } from './database-gate.js';
import { DatabaseStarter } from './database/database-starter.js';
import { installObservability, NestPinoLogger, requestIdOf, stampRequest } from './observability/index.js';

/** The same for every answer, so that they cost nothing to make. @see SECURITY-RULES.md 7 */
const securityHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

const behindTls = { 'strict-transport-security': 'max-age=31536000' } as const;

function installSecurityHeaders(instance: FastifyInstance): void {
  instance.addHook('onRequest', (request, reply, done) => {
    void reply.headers(securityHeaders);
    if (request.protocol === 'https') void reply.headers(behindTls);
    if (!request.raw.url?.startsWith('/docs/assets/')) void reply.header('cache-control', 'no-store');
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
  installCrossOrigin(instance);
  installServerRules(instance);
  installDatabaseGate(instance, app.get(DatabaseStarter));
  await app.init();
  return app;
}
