import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type mongoose from 'mongoose';
import { withConnection } from '../support/database.js';
import { HttpClient } from '../support/http-client.js';
import { adminToken, openCompat, startService, waitUntilReady, type Service } from '../support/service.js';

/** Which process dies. */
export const victims = ['service', 'database'] as const;
export type Victim = (typeof victims)[number];

/** The service gives up at the fifth death of its database within a minute. */
const mostDatabaseDeaths = 3;

/** A service with its own database that can be killed and started again on the same data and port. */
export class KillableService {
  /** Of the present process; another one after a restart. */
  http: HttpClient;
  /** Since the present process was started. */
  #databaseDeaths = 0;

  private constructor(
    private service: Service,
    readonly dataDir: string,
    private readonly env: Readonly<Record<string, string>>,
    /** Of an admin, for the native API. */
    readonly bearer: string,
  ) {
    this.http = new HttpClient(service.url, 30_000);
  }

  /** @param env settings beside those that every test service has */
  static async start(env: Readonly<Record<string, string>> = openCompat): Promise<KillableService> {
    const dataDir = await mkdtemp(join(tmpdir(), 'signalbox-kill-'));
    try {
      const service = await startService({ database: 'own', dataDir, env });
      return new KillableService(service, dataDir, env, await adminToken(dataDir));
    } catch (error) {
      await removeData(dataDir);
      throw error;
    }
  }

  /** Ends one of the two processes with SIGKILL, and returns once the service is ready again. */
  async killAndRecover(victim: Victim): Promise<void> {
    if (victim === 'service' || this.#databaseDeaths === mostDatabaseDeaths) await this.#restart();
    if (victim === 'database') {
      this.#databaseDeaths += 1;
      process.kill((await mongodPid(this.dataDir))!, 'SIGKILL');
    }
    await waitUntilReady(this.http, 60_000);
  }

  async #restart(): Promise<void> {
    const port = new URL(this.service.url).port;
    this.#databaseDeaths = 0;
    await this.service.kill();
    this.http.close();
    this.service = await startService({ database: 'own', dataDir: this.dataDir, env: { ...this.env, PORT: port } });
    this.http = new HttpClient(this.service.url, 30_000);
  }

  /** The newest errors in the log of the present process. */
  get errorLines(): string[] {
    const lines = this.service.output().split('\n');
    return lines.filter((line) => line.includes('"level":"error"')).slice(-10);
  }

  /** Freezes or thaws the database process. */
  async signalDatabase(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    process.kill((await mongodPid(this.dataDir))!, signal);
  }

  /** Reads the database directly, past the service. */
  async withDatabase<T>(read: (connection: mongoose.Connection) => Promise<T>): Promise<T> {
    return withConnection(await this.mongodbUrl(), 'signalbox', read);
  }

  /** The whole address of its database server. */
  async mongodbUrl(): Promise<string> {
    return (await readFile(join(this.dataDir, 'mongodb-url'), 'utf8')).trim();
  }

  /** Ends both processes and removes their data. */
  async close(): Promise<void> {
    this.http.close();
    await this.service.stop().finally(() => removeData(this.dataDir));
  }
}

/** The database process that the data folder names; null after a clean stop. */
async function mongodPid(dataDir: string): Promise<number | null> {
  const state = JSON.parse(await readFile(join(dataDir, 'mongodb-state.json'), 'utf8')) as { mongod: { pid: number } | null };
  return state.mongod?.pid ?? null;
}

/** Removes a data folder whose service is gone, with the database process that it may have left. */
async function removeData(dataDir: string): Promise<void> {
  const orphan = await mongodPid(dataDir).catch(() => null);
  try {
    if (orphan) process.kill(orphan, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
