import type { DataFolder } from './data-folder.js';
import { EmbeddedDatabaseError } from './embedded-database-error.js';
import { isListening } from './loopback-port.js';
import { mongodArguments } from './mongod-arguments.js';
import { lastComplaints } from './mongod-log.js';
import { inWords, type MongodExit, MongodProcess } from './mongod-process.js';
import { identityOf } from './process-identity.js';
import { isPassing, ReplicaSetOwner } from './replica-set.js';

const preparationMs = 90_000;

/** Everything that one run of mongod needs. */
export interface Launch {
  readonly folder: DataFolder;
  readonly binary: string;
  readonly version: string;
  readonly port: number;
  readonly key: string;
  readonly password: string;
  readonly extraArgs: readonly string[];
  /** Called once the process exists, long before it takes writes. */
  readonly onSpawn?: (mongod: MongodProcess) => void;
  /** Ends the process when it is not ready yet. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts mongod and waits until it is the primary of its set and knows the user. Whatever an earlier start left half done is completed.
 * @throws EmbeddedDatabaseError when it ends instead; then no process is left.
 */
export async function launch(options: Launch): Promise<MongodProcess> {
  const { folder, port, version } = options;
  const args = [...mongodArguments(folder, port), ...options.extraArgs];
  const mongod = await MongodProcess.spawn(options.binary, args, folder.logFile);
  options.onSpawn?.(mongod);
  const kill = () => mongod.signal('SIGKILL');
  options.signal?.addEventListener('abort', kill);
  try {
    options.signal?.throwIfAborted();
    await folder.writeState({ port, version, mongod: await identityOf(mongod.pid) });
    await mongod.whileRunning(async () => ((await isListening(port)) ? true : null));
    await prepare(mongod, options);
    if (mongod.exit) throw await endedEarly(mongod.exit, options);
    return mongod;
  } catch (error) {
    const exit = mongod.exit;
    kill();
    await mongod.exited;
    options.signal?.throwIfAborted();
    if (error instanceof EmbeddedDatabaseError) throw error;
    throw exit ? await endedEarly(exit, options) : notReady(error, options);
  } finally {
    options.signal?.removeEventListener('abort', kill);
  }
}

/**
 * Repeats the preparation until it succeeds. A server that has just come up may still be reading its configuration, and closes its connections
 * when it changes its state; where another program holds the port it had before, it waits up to half a minute for that one's answer.
 */
async function prepare(mongod: MongodProcess, options: Launch): Promise<void> {
  let failure: unknown = new Error('it does not become primary');
  const attempt = () =>
    prepareOnce(mongod, options).catch((error: unknown) => {
      if (!isPassing(error)) throw error;
      failure = error;
      return null;
    });
  const prepared = await mongod.whileRunning(attempt, preparationMs);
  if (!prepared && !mongod.exit) throw failure;
}

async function prepareOnce(mongod: MongodProcess, { port, key, password }: Launch): Promise<true | null> {
  const owner = await ReplicaSetOwner.connect(port, key);
  try {
    if ((await owner.serverPid()) !== mongod.pid) throw new Error(`another mongod answers on port ${port}`);
    await owner.initiate();
    if (!(await mongod.whileRunning(async () => ((await owner.isPrimary()) ? true : null), 10_000))) return null;
    await owner.ensureUser(password);
    return true;
  } finally {
    await owner.close();
  }
}

const exitCodes = { incompatibleData: 62 } as const;

async function endedEarly(exit: MongodExit, { folder, version, binary }: Launch): Promise<EmbeddedDatabaseError> {
  if (exit.code === exitCodes.incompatibleData) {
    return new EmbeddedDatabaseError(
      `The data in ${folder.dbPath} were written by another version of MongoDB than ${version} (${binary}). Set MONGOD_BINARY to a mongod of that version.`,
    );
  }
  const complaints = await lastComplaints(folder.logFile);
  return new EmbeddedDatabaseError(
    [`The embedded database ${inWords(exit)} while starting. Its log is ${folder.logFile}`, ...complaints].join('\n  '),
  );
}

function notReady(error: unknown, { folder }: Launch): EmbeddedDatabaseError {
  const reason = (error as Error).message;
  return new EmbeddedDatabaseError(`The embedded database did not become ready: ${reason}. Its log is ${folder.logFile}`, { cause: error });
}
