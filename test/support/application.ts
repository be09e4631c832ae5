import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getConnectionToken } from '@nestjs/mongoose';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Connection } from 'mongoose';
import { createApplication } from '../../src/application.js';
import type { EmbeddedIssuer } from '../../src/auth/issuer/embedded-issuer.js';
import { EMBEDDED_ISSUER } from '../../src/auth/issuer/optional-issuer.js';
import type { Role } from '../../src/common/caller.js';
import { readSettings } from '../../src/config/settings.js';
import { DatabaseStarter } from '../../src/database/database-starter.js';
import { createLogger, Readiness } from '../../src/observability/index.js';
import { freshDatabaseName, testMongodbUrl, withConnection } from './database.js';
import { HttpClient } from './http-client.js';

/** The whole application in this process, listening. */
export interface ListeningApplication {
  readonly app: NestFastifyApplication;
  readonly connection: Connection;
  readonly url: string;
  readonly http: HttpClient;
  /** The Authorization header of a bearer with one role, who may write the traces of every dataset. Tokens are taken until 30 s behind their end. */
  bearer(role: Role, expiresInSeconds?: number): { authorization: string };
  /** Closes it as at a shutdown. Safe to repeat. */
  close(): Promise<void>;
}

/** One database and one key for any number of applications. */
export interface Platform {
  /** Starts one more replica; closed at the end unless it was before. */
  start(env?: Readonly<Record<string, string>>): Promise<ListeningApplication>;
}

async function startOn(env: Readonly<Record<string, string>>): Promise<ListeningApplication> {
  const settings = readSettings({ LOG_LEVEL: 'error', HOST: '127.0.0.1', PORT: '0', ...env });
  const app = await createApplication(settings, testMongodbUrl(), createLogger(settings));
  await app.listen({ host: '127.0.0.1', port: 0 });
  await app.get(DatabaseStarter).ready;
  app.get(Readiness).started();
  const { port } = app.getHttpServer().address() as { port: number };
  const url = `http://127.0.0.1:${port}`;
  const http = new HttpClient(url);
  const issuer = app.get<EmbeddedIssuer>(EMBEDDED_ISSUER, { strict: false });
  let closing: Promise<void> | undefined;
  return {
    app,
    connection: app.get<Connection>(getConnectionToken()),
    url,
    http,
    bearer: (role, expiresInSeconds = 600) => {
      const token = issuer.signToken({ sub: `${role}@test`, name: role, roles: [role], datasets: ['*'], expiresInSeconds });
      return { authorization: `Bearer ${token}` };
    },
    close: () => {
      http.close();
      return (closing ??= app.close());
    },
  };
}

/** Runs the work with an empty database, on which it starts applications. Closes them and removes everything afterwards, whatever happens. */
export async function withPlatform<T>(work: (platform: Platform) => Promise<T>): Promise<T> {
  const databaseName = freshDatabaseName();
  const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-platform-'));
  const started: ListeningApplication[] = [];
  const start = async (env: Readonly<Record<string, string>> = {}) => {
    const application = await startOn({ MONGODB_URL: testMongodbUrl(), MONGODB_DATABASE: databaseName, DATA_DIR: dataDir, ...env });
    started.push(application);
    return application;
  };
  try {
    return await work({ start });
  } finally {
    await Promise.all(started.map((application) => application.close()));
    await withConnection(testMongodbUrl(), databaseName, (connection) => connection.dropDatabase());
    await rm(dataDir, { recursive: true, force: true });
  }
}
