import type { DataFolder } from './data-folder.js';
import { EmbeddedDatabaseError } from './embedded-database-error.js';
import { isListening } from './loopback-port.js';
import { mongodArguments } from './mongod-arguments.js';
import { lastComplaints } from './mongod-log.js';
import { type MongodExit, MongodProcess } from './mongod-process.js';
import { identityOf } from './process-identity.js';
import { ReplicaSetOwner } from './replica-set.js';

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
    if (await mongod.whileRunning(async () => ((await isListening(port)) ? true : null))) await prepare(mongod, options);
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

async function prepare(mongod: MongodProcess, { port, key, password }: Launch): Promise<void> {
  const owner = await ReplicaSetOwner.connect(port, key);
  try {
    if ((await owner.serverPid()) !== mongod.pid) throw new Error(`another mongod answers on port ${port}`);
    await owner.initiate();
    await mongod.whileRunning(async () => ((await owner.isPrimary()) ? true : null));
    await owner.ensureUser(password);
  } finally {
    await owner.close();
  }
}

const exitCodes = { incompatibleData: 62 } as const;

async function endedEarly({ code, signal }: MongodExit, { folder, version, binary }: Launch): Promise<EmbeddedDatabaseError> {
  if (code === exitCodes.incompatibleData) {
    return new EmbeddedDatabaseError(
      `The data in ${folder.dbPath} were written by another version of MongoDB than ${version} (${binary}). Set MONGOD_BINARY to a mongod of that version.`,
    );
  }
  const how = signal ? `was ended by ${signal}` : `ended with status ${code}`;
  const complaints = await lastComplaints(folder.logFile);
  return new EmbeddedDatabaseError(
    [`The embedded database ${how} while starting. Its log is ${folder.logFile}`, ...complaints].join('\n  '),
  );
}

function notReady(error: unknown, { folder }: Launch): EmbeddedDatabaseError {
  const reason = (error as Error).message;
  return new EmbeddedDatabaseError(`The embedded database did not become ready: ${reason}. Its log is ${folder.logFile}`, { cause: error });
}
