import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import mongoose, { type Connection } from 'mongoose';
import { SETTINGS, type Settings } from '../config/settings.js';
import { connectionOptions } from './connection-options.js';
import { DatabaseUnusableError } from './database.errors.js';
import { compareIndexes, type IndexFault } from './indexes.js';
import { prepareSchema } from './schema-preparation.js';
import { checkServer } from './server-check.js';

/** The address of the database, which the embedded server knows only once it runs. */
export const DATABASE_URL = Symbol('database url');

/** How often the indexes are compared again. */
const compareEveryMs = 10_000;

/** What readiness asks of the database's start. */
export interface DatabaseState {
  readonly started: boolean;
  /** Declared indexes that are missing or different, and foreign ones, as last compared. */
  readonly indexFaults: readonly IndexFault[];
}

/**
 * Connects and prepares the database: connecting, checking the server, then migrations and indexes under a lease, then ready. A database that is away is
 * waited for, with growing pauses; one that can never work ends the wait with a `DatabaseUnusableError`. Afterwards the indexes are compared every ten seconds.
 */
@Injectable()
export class DatabaseStarter implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Database');
  private readonly stop = new AbortController();
  private started = false;
  private indexFaults: readonly IndexFault[] = [];
  private comparing: NodeJS.Timeout | undefined;
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

  /** False before the database is prepared, and while a unique index is missing or different: nothing may be written that it would refuse. */
  get usable(): boolean {
    return this.started && !this.indexFaults.some(({ unique }) => unique);
  }

  onApplicationBootstrap(): void {
    void this.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stop.abort();
    clearInterval(this.comparing);
    await this.connection.close();
  }

  private async start(): Promise<void> {
    for (let attempt = 0; !this.stop.signal.aborted; attempt++) {
      try {
        await this.prepare();
        this.started = true;
        this.comparing = setInterval(() => void this.compareIndexes().catch(() => undefined), compareEveryMs); // an outage shows elsewhere
        return this.succeed();
      } catch (error) {
        if (error instanceof DatabaseUnusableError) return this.fail(error);
        if (error instanceof mongoose.mongo.MongoParseError)
          return this.fail(new DatabaseUnusableError(`The database driver cannot use MONGODB_URL: ${error.message}. Correct it.`));
        if (this.stop.signal.aborted) return;
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
    await prepareSchema(this.connection, {
      open: () => this.openPatient(),
      onWait: () => this.logger.log('another process prepares the database, or died there some seconds ago: waiting for it'),
      signal: this.stop.signal,
    });
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

  /** Compares the indexes again and remembers the result; what is new in it is logged. */
  async compareIndexes(): Promise<void> {
    const before = this.indexFaults;
    this.indexFaults = await compareIndexes(this.connection);
    const news = this.indexFaults.filter((fault) => !before.some((known) => isDeepStrictEqual(known, fault)));
    for (const { fault, unique, collection, name, repair, doubles } of news) {
      const text = `index ${collection}.${name} is ${fault}${repair ? `; repair: ${repair}` : ''}`;
      if (unique) this.logger.error(`${text}; remove all but one of each of these first: ${doubles}`);
      else this.logger.warn(text);
    }
    if (before.length > 0 && this.indexFaults.length === 0) this.logger.log('all indexes are as declared again');
  }
}
