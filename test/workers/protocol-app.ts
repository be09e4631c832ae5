import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import { getConnectionToken } from '@nestjs/mongoose';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Connection } from 'mongoose';
import { createApplication } from '../../src/application.js';
import { ensureEmbeddedIssuer } from '../../src/auth/index.js';
import type { Role } from '../../src/common/caller.js';
import { readSettings } from '../../src/config/settings.js';
import { DatabaseStarter } from '../../src/database/database-starter.js';
import { createLogger } from '../../src/observability/index.js';
import { connectTo, freshDatabaseName, testMongodbUrl } from '../support/database.js';

/** A body, whatever the route answers: tests look at it field by field. */
export type Json = any; // eslint-disable-line @typescript-eslint/no-explicit-any -- as said

/** An answer of the application. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Json;
}

/** One replica: the whole application in this process, not listening. */
export interface Replica {
  readonly app: NestFastifyApplication;
  get<T>(type: Type<T>): T;
  /** A native call as one of the roles. */
  call(method: string, path: string, ...rest: [body?: unknown, role?: Role | Role[]]): Promise<Answer>;
  /** The Authorization header of a role. */
  bearer(role: Role): string;
  /** A call of an old route. */
  compat(method: string, path: string, body?: unknown): Promise<Answer>;
}

/** Some replicas on one database of their own. */
export interface Replicas {
  readonly replicas: readonly Replica[];
  /** The first replica. */
  readonly one: Replica;
  readonly connection: Connection;
  /** A new queued job. */
  createJob(fields?: Record<string, unknown>): Promise<Json>;
  stop(): Promise<void>;
}

let names = 0;
export const freshDataset = (): string => `DATASET_${(names += 1)}`;

async function startReplica(env: Record<string, string>, dataDir: string): Promise<Replica> {
  const settings = readSettings({ MONGODB_URL: testMongodbUrl(), DATA_DIR: dataDir, LOG_LEVEL: 'error', COMPAT_AUTH: 'reference', ...env });
  const app = await createApplication(settings, testMongodbUrl(), createLogger(settings));
  await app.getHttpAdapter().getInstance().ready();
  await app.get(DatabaseStarter).ready;
  const issuer = await ensureEmbeddedIssuer(dataDir);
  const send = async (
    method: string,
    url: string,
    { body, headers = {} }: { body: unknown; headers?: Record<string, string> },
  ): Promise<Answer> => {
    const reply = await app.inject({ method: method as 'GET', url, headers, ...(body === undefined ? {} : { payload: body as object }) });
    const isJson = String(reply.headers['content-type']).includes('json');
    return { status: reply.statusCode, headers: reply.headers, body: isJson ? reply.json() : reply.body };
  };
  const tokens = new Map<string, string>();
  const tokenOf = (roles: readonly Role[]): string => {
    const known =
      tokens.get(roles.join()) ?? issuer.signToken({ sub: roles.join('+'), name: roles.join('+'), roles, expiresInSeconds: 3_600 });
    tokens.set(roles.join(), known);
    return known;
  };
  return {
    app,
    get: (type) => app.get(type, { strict: false }),
    call: (method, path, ...[body, role = 'admin']) =>
      send(method, `/api/v1${path}`, { body, headers: { authorization: `Bearer ${tokenOf([role].flat())}` } }),
    bearer: (role) => `Bearer ${tokenOf([role])}`,
    compat: (method, path, body) => send(method, path, { body }),
  };
}

/** Starts replicas on an empty database. @param env settings beside those that every replica of a test has */
export async function startReplicas(count: number, env: Record<string, string> = {}): Promise<Replicas> {
  const databaseName = freshDatabaseName();
  const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-workers-'));
  const replicas: Replica[] = [];
  for (let index = 0; index < count; index++) replicas.push(await startReplica({ MONGODB_DATABASE: databaseName, ...env }, dataDir));
  const one = replicas[0]!;
  return {
    replicas,
    one,
    connection: one.app.get<Connection>(getConnectionToken()),
    createJob: async (fields = {}) => {
      const reply = await one.call('POST', '/jobs', { datasetName: freshDataset(), operation: 'ADD', ...fields });
      if (reply.status !== 201) throw new Error(`not created: ${JSON.stringify(reply.body)}`);
      return reply.body;
    },
    stop: async () => {
      await Promise.all(replicas.map(({ app }) => app.close()));
      const connection = await connectTo(testMongodbUrl(), databaseName);
      await connection.dropDatabase();
      await connection.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
