import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { AppModule } from '../app.module.js';
import type { Settings } from '../config/settings.js';
import { DatabaseStarter } from '../database/database-starter.js';
import { NestPinoLogger } from '../observability/index.js';

/**
 * Brings the documents and indexes of a database to this version, as the start of a service does. The application is put together, which makes every schema
 * known, and not started: no task of it runs.
 * @returns false when a unique index is missing or different; the log names it and its repair
 * @throws DatabaseUnusableError when the database never can be used; the driver's error when it does not answer
 */
export async function migrateDatabase(settings: Settings, databaseUrl: string, logger: Logger): Promise<boolean> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(settings, databaseUrl), new FastifyAdapter(), {
    logger: new NestPinoLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  try {
    const starter = app.get(DatabaseStarter);
    await starter.prepare();
    const faults = starter.state.indexFaults.filter(({ unique }) => unique);
    logger.info(
      { faults: faults.length },
      faults.length === 0 ? 'the database is of this version' : 'unique indexes are not as they must be',
    );
    return faults.length === 0;
  } finally {
    await app.close();
  }
}
