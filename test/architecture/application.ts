import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getConnectionToken } from '@nestjs/mongoose';
import type { FastifyInstance, RouteOptions } from 'fastify';
import type { Connection } from 'mongoose';
import { createApplication } from '../../src/application.js';
import { readSettings } from '../../src/config/settings.js';
import { DatabaseStarter } from '../../src/database/database-starter.js';
import { createLogger } from '../../src/observability/index.js';
import { connectTo, freshDatabaseName, testMongodbUrl } from '../support/database.js';

/** A route of the router. */
export interface Route {
  readonly method: string;
  readonly path: string;
  readonly access: NonNullable<RouteOptions['config']>['access'];
}

/** The whole application, in this process. */
export interface Application {
  /** Every route, in the order of registration. */
  readonly routes: readonly Route[];
  readonly connection: Connection;
  /** The status of the answer to a request without headers, with a body that no route accepts where the method takes one. */
  statusOf(method: string, path: string): Promise<number>;
  /** Closes it and drops its database. */
  stop(): Promise<void>;
}

/** Runs the work while every route that a Fastify instance gets is collected. */
async function collectingRoutes<T>(work: () => Promise<T>): Promise<{ result: T; collected: RouteOptions[] }> {
  const collected: RouteOptions[] = [];
  const listen = (message: unknown) => {
    (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', (route) => void collected.push(route));
  };
  subscribe('fastify.initialization', listen);
  try {
    return { result: await work(), collected };
  } finally {
    unsubscribe('fastify.initialization', listen);
  }
}

/** The started application on an empty database of the test server, not listening. */
export async function startApplication(): Promise<Application> {
  const databaseName = freshDatabaseName();
  const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-architecture-'));
  const settings = readSettings({ MONGODB_URL: testMongodbUrl(), MONGODB_DATABASE: databaseName, DATA_DIR: dataDir, LOG_LEVEL: 'error' });
  const { result: app, collected } = await collectingRoutes(() => createApplication(settings, testMongodbUrl(), createLogger(settings)));
  await app.getHttpAdapter().getInstance().ready();
  await app.get(DatabaseStarter).ready;
  return {
    routes: collected.flatMap(({ method, url, config }) =>
      [method].flat().map((each) => ({ method: each, path: url, access: config?.access })),
    ),
    connection: app.get<Connection>(getConnectionToken()),
    statusOf: async (method, path) => {
      const body = ['POST', 'PUT', 'PATCH'].includes(method) ? { payload: '{{', headers: { 'content-type': 'application/json' } } : {};
      return (await app.inject({ method: method as 'GET', url: path, ...body })).statusCode;
    },
    stop: async () => {
      await app.close();
      const connection = await connectTo(testMongodbUrl(), databaseName);
      await connection.dropDatabase();
      await connection.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
