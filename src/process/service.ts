import 'reflect-metadata';
import { chmodSync, writeFileSync } from 'node:fs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { readSettings, type Settings, SettingsError } from '../config/settings.js';
import { assertAddressUsable } from '../database/address-check.js';
import { DatabaseStarter } from '../database/database-starter.js';
import { DatabaseUnusableError } from '../database/database.errors.js';
import { EmbeddedDatabaseError } from '../database/embedded/embedded-database-error.js';
import { EmbeddedMongod } from '../database/embedded/embedded-mongod.js';
import { createLogger, Readiness } from '../observability/index.js';
import { IssuerKeyError } from '../auth/index.js';
import { createApplication } from '../application.js';
import { printBanner } from './banner.js';
import { exitCodes, StartError } from './start-errors.js';
import { addressPath, makeFolders } from './folder-check.js';
import { migrateDatabase } from './migration.js';
import { assertPortFree } from './port-check.js';
import { Shutdown } from './shutdown.js';

/** A setting that is wrong is exit status 2, everything else that prevents the start is 1: one clear message each, no stack. */
function fail(error: unknown): never {
  if (error instanceof SettingsError) {
    process.stderr.write(
      `The settings are not usable:\n${error.problems.map((problem) => `  ${problem}`).join('\n')}\nThe README lists all settings.\n`,
    );
    process.exit(exitCodes.settings);
  }
  const shown = isExpected(error) ? error.message : `Signalbox could not start: ${String((error as Error).stack ?? error)}`;
  process.stderr.write(`${shown}\n`);
  process.exit(exitCodes.failure);
}

const isExpected = (error: unknown): error is Error =>
  [StartError, EmbeddedDatabaseError, DatabaseUnusableError, IssuerKeyError].some((kind) => error instanceof kind);

/** Where the database is, and how to stop it when it is ours. */
interface Database {
  readonly url: string;
  readonly embedded: EmbeddedMongod | null;
}

async function startDatabase(settings: Settings, logger: Logger, shutdown: Shutdown): Promise<Database> {
  if (settings.mongodbUrl) {
    assertAddressUsable(settings.mongodbUrl);
    return { url: settings.mongodbUrl, embedded: null };
  }
  const signal = shutdown.signal;
  const embedded = await EmbeddedMongod.start({
    dataDir: settings.dataDir,
    binary: settings.mongodBinary,
    env: process.env,
    log: logger,
    signal,
  });
  embedded.on('fatal', (error) => {
    logger.error({ error }, error.message);
    void shutdown.stop('the database died too often', exitCodes.failure);
  });
  shutdown.database = embedded;
  return { url: embedded.url, embedded };
}

async function listen(app: NestFastifyApplication, { host, port }: Settings): Promise<string> {
  await app.listen({ host, port });
  const address = app.getHttpServer().address() as { port: number };
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${shown}:${address.port}`;
}

/** Leaves the address in the data folder, where the command line of the same machine finds it. */
function leaveAddress(dataDir: string, address: string): void {
  const path = addressPath(dataDir);
  writeFileSync(path, `${address}\n`, { mode: 0o644 });
  chmodSync(path, 0o644); // also where the file was there before, with other rights
}

/** Starts the service and returns once it listens and its database is ready; it then runs until a signal ends it. */
async function start(settings: Settings, logger: Logger, shutdown: Shutdown): Promise<undefined> {
  for (const warning of settings.warnings) logger.warn(warning);
  makeFolders(settings);
  await assertPortFree(settings);
  const database = await startDatabase(settings, logger, shutdown);
  const app = await createApplication(settings, database.url, logger);
  shutdown.app = app;
  const address = await listen(app, settings);
  await app.get(DatabaseStarter).ready;
  app.get(Readiness).started();
  leaveAddress(settings.dataDir, address);
  logger.info({ address }, 'listening');
  printBanner({ address, settings });
}

/** What a process is for. @returns the status with which it ends; undefined: it runs until a signal ends it */
type Work = (settings: Settings, logger: Logger, shutdown: Shutdown) => Promise<number | undefined>;

/** Does the work of a process that a signal may end at any time. */
async function run(env: NodeJS.ProcessEnv, work: Work): Promise<void> {
  try {
    const settings = readSettings(env);
    const logger = createLogger(settings);
    const shutdown = new Shutdown(settings, logger);
    shutdown.listenToSignals();
    const working = work(settings, logger, shutdown);
    shutdown.starting = working;
    const status = await working.catch((error: unknown) => {
      if (!shutdown.begun) throw error;
    });
    if (status !== undefined) await shutdown.stop('done', status);
  } catch (error) {
    fail(error);
  }
}

/** The whole life of the service process. */
export const runService = (env: NodeJS.ProcessEnv): Promise<void> => run(env, start);

/** The whole life of a process that brings the database to this version of the service, and serves nothing. */
export const runMigration = (env: NodeJS.ProcessEnv): Promise<void> =>
  run(env, async (settings, logger, shutdown) => {
    const { url } = await startDatabase(settings, logger, shutdown);
    return (await migrateDatabase(settings, url, logger)) ? exitCodes.done : exitCodes.failure;
  });
