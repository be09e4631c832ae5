import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { Module } from '@nestjs/common';
import { getConnectionToken } from '@nestjs/mongoose';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { fastify, type FastifyInstance, type InjectOptions, type LightMyRequestResponse } from 'fastify';
import type { Connection } from 'mongoose';
import { AuthModule } from '../../src/auth/index.js';
import { ErrorFilter } from '../../src/common/http/error.filter.js';
import { createAdapter, installServerRules } from '../../src/common/http/server.js';
import { createValidationPipe } from '../../src/common/http/validation.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { readSettings } from '../../src/config/settings.js';
import { DatabaseModule } from '../../src/database/database.module.js';
import { DatabaseStarter } from '../../src/database/database-starter.js';
import { MaintenanceModule, type RunningJob, RunningJobs } from '../../src/maintenance/index.js';
import { freshDatabaseName, testMongodbUrl } from '../support/database.js';

/** What the jobs of the application answer; emptied before each test. */
export const running: RunningJob[] = [];

class ListedJobs extends RunningJobs {
  countRunning = (): Promise<number> => Promise.resolve(running.length);
  medianRunSeconds = (): Promise<number | null> => Promise.resolve(null);
  listRunning = (limit: number): Promise<RunningJob[]> => Promise.resolve(running.slice(0, limit));
}

@Module({ providers: [ListedJobs], exports: [ListedJobs] })
class ListedJobsModule {}

@Module({})
class OpenModule {}

/** The maintenance routes alone, with everything that every route has, but for access: the tests of the started service see to that. */
async function createApp(): Promise<NestFastifyApplication> {
  const settings = readSettings({ MONGODB_URL: testMongodbUrl(), MONGODB_DATABASE: freshDatabaseName() });
  const module = Test.createTestingModule({
    imports: [
      ConfigModule.with(settings),
      DatabaseModule.at(testMongodbUrl()),
      MaintenanceModule.with({ imports: [ListedJobsModule], reader: ListedJobs }),
    ],
  })
    .overrideModule(AuthModule)
    .useModule(OpenModule);
  const adapter = createAdapter({
    logger: fastify().log,
    trustedProxies: [],
    requestIdOf: (headers) => String(headers['x-request-id'] ?? 'made'),
    onFrameworkError: () => undefined,
  });
  const app: NestFastifyApplication = (await module.compile()).createNestApplication(adapter, { logger: false });
  app.useGlobalPipes(createValidationPipe());
  app.useGlobalFilters(new ErrorFilter([]));
  installServerRules(adapter.getInstance<FastifyInstance>());
  await app.init();
  await adapter.getInstance().ready();
  await app.get(DatabaseStarter).ready;
  return app;
}

/** The application of a test file, and what its tests ask it. */
export interface MaintenanceApp {
  readonly app: NestFastifyApplication;
  readonly database: Connection;
  call(method: 'GET' | 'HEAD' | 'POST' | 'PUT', url: string, options?: InjectOptions): Promise<LightMyRequestResponse>;
  get(url: string): Promise<LightMyRequestResponse>;
  post(url: string, payload: object): Promise<LightMyRequestResponse>;
  /** PUT /api/v1/maintenance */
  put(payload: unknown, ifMatch?: string): Promise<LightMyRequestResponse>;
  /** All records, by number. */
  records(): Promise<unknown[]>;
}

/** Starts the application before the tests of the calling file, and empties the switch before each of them. */
export function useMaintenanceApp(): MaintenanceApp {
  let app: NestFastifyApplication;
  let database: Connection;
  beforeAll(async () => {
    app = await createApp();
    database = app.get<Connection>(getConnectionToken());
  });
  afterAll(async () => {
    await database.dropDatabase();
    await app.close();
  });
  beforeEach(async () => {
    running.length = 0;
    await database.collection('maintenance').deleteMany({});
  });
  const call: MaintenanceApp['call'] = (method, url, options = {}) => app.inject({ method, url, ...options });
  return {
    get app() {
      return app;
    },
    get database() {
      return database;
    },
    call,
    get: (url) => call('GET', url),
    post: (url, payload) => call('POST', url, { payload }),
    put: (payload, ifMatch) =>
      call('PUT', '/api/v1/maintenance', {
        payload: JSON.stringify(payload),
        headers: { 'content-type': 'application/json', ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }) },
      }),
    records: () => database.collection('maintenance').find().sort({ number: 1 }).toArray(),
  };
}
