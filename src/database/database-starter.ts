import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import mongoose, { type Connection } from 'mongoose';
import { SETTINGS, type Settings } from '../config/settings.js';
import { connectionOptions } from './connection-options.js';
import { DatabaseUnusableError } from './database.errors.js';
import { compareIndexes, createIndexes, type IndexFault } from './indexes.js';
import { migrate } from './migrations.js';
import { checkServer } from './server-check.js';

/** The address of the database, which the embedded server knows only once it runs. */
export const DATABASE_URL = Symbol('database url');

/** What readiness asks of the database's start. */
export interface DatabaseState {
  readonly started: boolean;
  /** Declared indexes that are missing or different, and foreign ones, as last compared. */
  readonly indexFaults: readonly IndexFault[];
}

/**
 * Connects and prepares the database: connecting, checking the server, then migrations and indexes under a lock, then ready. A database that is away is
 * waited for, with growing pauses; one that can never work ends the wait with a `DatabaseUnusableError`.
 */
@Injectable()
export class DatabaseStarter implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Database');
  private stopping = false;
  private started = false;
  private indexFaults: readonly IndexFault[] = [];
  private succeed!: () => void;
  private fail!: (reason: DatabaseUnusableError) => void;
  /** Resolves when the database is ready for use; rejects with a `DatabaseUnusableError` when it never will be. */
  readonly ready = new Promise<void>((resolve, reject) => {
    this.succeed = resolve;
    this.fail = reject;
  });

  constructor(
    @InjectConnection() private readonly connection: Connection,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(DATABASE_URL) private readonly url: string,
  ) {
    this.ready.catch(() => undefined); // whoever waits sees it
  }

  get state(): DatabaseState {
    return { started: this.started, indexFaults: this.indexFaults };
  }

  onApplicationBootstrap(): void {
    void this.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.connection.close();
  }

  private async start(): Promise<void> {
    for (let attempt = 0; !this.stopping; attempt++) {
      try {
        await this.prepare();
        this.started = true;
        return this.succeed();
      } catch (error) {
        if (error instanceof DatabaseUnusableError) return this.fail(error);
        if (error instanceof mongoose.mongo.MongoParseError)
          return this.fail(new DatabaseUnusableError(`The database driver cannot use MONGODB_URL: ${error.message}. Correct it.`));
        if (this.stopping) return;
        this.logger.warn(`database not ready, trying again: ${(error as Error).message}`);
        await sleep(Math.min(250 * 2 ** attempt, 5_000));
      }
    }
  }

  /**
   * Connects, checks the server, and brings documents and indexes to this version, once.
   * @throws DatabaseUnusableError when it never can; the driver's error when the server does not answer
   */
  async prepare(): Promise<void> {
    if (this.connection.readyState !== 1) {
      await this.connection.openUri(this.url, { ...connectionOptions, dbName: this.settings.mongodbDatabase });
    }
    await checkServer(this.connection);
    while (!(await migrate(this.connection, () => createIndexes(this.connection, () => this.openPatient())))) await sleep(200);
    await this.compareIndexes();
  }

  private openPatient(): Promise<Connection> {
    const options = { ...connectionOptions, dbName: this.settings.mongodbDatabase, maxPoolSize: 2, socketTimeoutMS: 0 };
    return mongoose.createConnection(this.url, options).asPromise();
  }

  /**
   * What the server says of itself now.
   * @throws Error while not connected
   */
  async hello(): Promise<Record<string, unknown>> {
    if (!this.connection.db || this.connection.readyState !== 1) throw new Error('not connected');
    return this.connection.db.admin().command({ hello: 1 }, { timeoutMS: undefined });
  }

  /** Compares the indexes again and remembers the result. */
  async compareIndexes(): Promise<void> {
    this.indexFaults = await compareIndexes(this.connection);
    for (const { fault, unique, collection, name, repair } of this.indexFaults) {
      const text = `index ${collection}.${name} is ${fault}${repair ? `; repair: ${repair}` : ''}`;
      if (unique) this.logger.error(text);
      else this.logger.warn(text);
    }
  }
}
