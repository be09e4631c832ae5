import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { replaceFile } from './atomic-file.js';
import { DataFolder, type RecordedState } from './data-folder.js';
import { EmbeddedDatabaseError, type EmbeddedDatabaseLog } from './embedded-database-error.js';
import { freePort, isPortFree } from './loopback-port.js';
import { launch, type Launch } from './mongod-launch.js';
import { findMongod } from './finder/mongod-finder.js';
import { rotateLog } from './mongod-log.js';
import { inWords, type MongodExit, type MongodProcess } from './mongod-process.js';
import { endOrphan } from './orphan.js';
import { OwnerLock } from './owner-lock.js';
import { addressOf } from './replica-set.js';

/** How often mongod may die within a minute before the service gives up. */
const mostDeathsPerMinute = 5;

const shutdownGraceMs = 8_000;

export interface EmbeddedMongodOptions {
  readonly dataDir: string;
  /** The mongod program to use; null or left out: found or fetched. */
  readonly binary?: string | null;
  /** The environment in which the program is looked for: PATH, the cache folder, proxies. */
  readonly env: NodeJS.ProcessEnv;
  readonly log: EmbeddedDatabaseLog;
  /** Further options of the mongod command line. */
  readonly extraArgs?: readonly string[];
  /** Gives up the start, leaving no process and no lock; without effect once started. */
  readonly signal?: AbortSignal;
}

interface Events {
  ready: [];
  down: [MongodExit];
  fatal: [EmbeddedDatabaseError];
}

/**
 * A mongod of the service's own.
 *
 * States: **ready** after a start; **down** when the process has ended unasked, until it runs again on the same port; **failed** after five
 * deaths within a minute; **closed** from the call of `close` on. Entering ready again, down and failed emits `ready`, `down` and `fatal`. From
 * failed and closed nothing leads back; an exit in them is expected and ignored. Between a death and the next run there is a pause, 100 ms
 * after the first death and twice as long after each further one of that minute. When this process exits without `close`, mongod is asked to
 * shut down; when it exits while `close` is waiting, mongod is killed, which its journal makes up for.
 */
export class EmbeddedMongod extends EventEmitter<Events> {
  #state: 'ready' | 'down' | 'failed' | 'closed' = 'ready';
  #deaths: number[] = [];
  #closed: Promise<void> | null = null;
  #restarting: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();
  readonly #onProcessExit = () => this.mongod.signal(this.#closed ? 'SIGKILL' : 'SIGTERM');

  private constructor(
    private readonly folder: DataFolder,
    private readonly lock: OwnerLock,
    private readonly launchOptions: Launch,
    private mongod: MongodProcess,
    private readonly log: EmbeddedDatabaseLog,
  ) {
    super();
    this.#watch(mongod);
    process.once('exit', this.#onProcessExit);
  }

  /**
   * Starts the database of a data folder and waits until it takes writes: finds the program, becomes the folder's owner, ends the mongod of a
   * killed owner, and makes key, user and replica set where they are missing.
   * @throws EmbeddedDatabaseError with the cause and the cure.
   */
  static async start(options: EmbeddedMongodOptions): Promise<EmbeddedMongod> {
    const folder = await DataFolder.open(options.dataDir);
    const lock = await OwnerLock.acquire(folder.lockFile, options.dataDir);
    try {
      const state = await folder.readState();
      await endOrphan(folder, state, options.log);
      await rotateLog(folder.logFile);
      const plan = await planLaunch(folder, state, options);
      await replaceFile(folder.urlFile, `${addressOf(plan.port, plan.password)}\n`);
      const mongod = await launchOnce(plan, options);
      options.log.info({}, `embedded MongoDB ${plan.version} is ready on port ${plan.port}, process ${mongod.pid}`);
      return new EmbeddedMongod(folder, lock, plan, mongod, options.log);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** The address with user and password, for a client in this process. A secret. */
  get url(): string {
    return addressOf(this.port, this.launchOptions.password);
  }

  /** The file that holds `url`, readable by its owner only. */
  get urlFile(): string {
    return this.folder.urlFile;
  }

  get port(): number {
    return this.launchOptions.port;
  }

  /** Of the running server, such as `6.0.5`. */
  get version(): string {
    return this.launchOptions.version;
  }

  get pid(): number {
    return this.mongod.pid;
  }

  /** False while mongod is being restarted, after it was given up, and after close. */
  get isReady(): boolean {
    return this.#state === 'ready';
  }

  /** Shuts mongod down cleanly and gives the folder free. Safe to repeat; does not throw. Close every client first. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#state = 'closed';
    this.#stopping.abort();
    try {
      await this.mongod.end(shutdownGraceMs);
      await this.#restarting;
      await this.folder.writeState({ port: this.port, version: this.version, mongod: null });
      await this.lock.release();
    } catch (error) {
      this.log.warn({ error }, 'embedded database has ended, but its folder could not be left in order');
    } finally {
      process.removeListener('exit', this.#onProcessExit);
    }
  }

  #watch(mongod: MongodProcess): void {
    void mongod.exited.then((exit) => {
      if (this.#state === 'closed') return;
      this.#state = 'down';
      this.log.warn({}, `embedded database ${inWords(exit)} unasked; restarting it`);
      this.emit('down', exit);
      this.#restarting = this.#restart();
    });
  }

  async #restart(): Promise<void> {
    const now = Date.now();
    this.#deaths = [...this.#deaths.filter((at) => at > now - 60_000), now];
    if (this.#deaths.length >= mostDeathsPerMinute) return this.#fail();
    try {
      await sleep(100 * 2 ** (this.#deaths.length - 1), undefined, { signal: this.#stopping.signal });
      await launch({ ...this.launchOptions, onSpawn: (mongod) => (this.mongod = mongod), signal: this.#stopping.signal });
      this.#stopping.signal.throwIfAborted();
      this.#state = 'ready';
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.log.warn({ error }, 'embedded database could not be restarted; trying again');
      return this.#restart();
    }
    this.#watch(this.mongod);
    this.log.info({}, `embedded database is ready again, process ${this.pid}`);
    this.emit('ready');
  }

  #fail(): void {
    this.#state = 'failed';
    this.emit(
      'fatal',
      new EmbeddedDatabaseError(
        `The embedded database has ended ${mostDeathsPerMinute} times within a minute. Its log ${this.folder.logFile} says why; the data are in ${this.folder.dbPath}.`,
      ),
    );
  }
}

/** A service that was killed right after its spawn leaves a mongod that nobody has recorded; it shows itself by being in the way. */
async function launchOnce(plan: Launch, { log, signal }: EmbeddedMongodOptions): Promise<MongodProcess> {
  try {
    return await launch({ ...plan, signal });
  } catch (error) {
    if (signal?.aborted || !(await endOrphan(plan.folder, null, log))) throw error;
    return launch({ ...plan, signal });
  }
}

/** Decides on program, port and password of a start. */
async function planLaunch(folder: DataFolder, state: RecordedState | null, options: EmbeddedMongodOptions): Promise<Launch> {
  const found = await findMongod({ ...options, dataVersion: state?.version ?? null });
  return {
    folder,
    binary: found.path,
    version: found.version,
    port: await choosePort(state, options.log),
    key: await folder.readOrCreateKey(),
    password: await folder.readOrCreatePassword(),
    extraArgs: options.extraArgs ?? [],
  };
}

/** The recorded port, or another one when somebody else has taken it meanwhile: the replica set is then told. */
async function choosePort(state: RecordedState | null, log: EmbeddedDatabaseLog): Promise<number> {
  if (state && (await isPortFree(state.port))) return state.port;
  const port = await freePort();
  if (state)
    log.warn(
      {},
      `port ${state.port} of the embedded database is taken by another program; moving to port ${port}, which may take half a minute`,
    );
  return port;
}
