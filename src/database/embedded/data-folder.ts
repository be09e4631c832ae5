import { randomBytes } from 'node:crypto';
import { chmod, mkdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createFile, isCode, readIfThere, replaceFile } from './atomic-file.js';
import { EmbeddedDatabaseError } from './embedded-database-error.js';
import type { ProcessIdentity } from './process-identity.js';

/** What one start leaves for the next. */
export interface RecordedState {
  /** Chosen at the first start and kept: it is part of the replica set's configuration. */
  readonly port: number;
  /** Of the server that wrote the data, such as `6.0.5`. */
  readonly version: string;
  /** The running mongod; null after a clean stop. */
  readonly mongod: ProcessIdentity | null;
}

/** The files of the embedded database in the data folder. All are readable by their owner only. */
export class DataFolder {
  /** Data files of mongod. */
  readonly dbPath: string;
  /** Holds the full address with its password. */
  readonly urlFile: string;
  readonly keyFile: string;
  readonly logFile: string;
  readonly lockFile: string;
  readonly #stateFile: string;

  private constructor(readonly root: string) {
    this.dbPath = join(root, 'mongodb');
    this.urlFile = join(root, 'mongodb-url');
    this.keyFile = join(root, 'mongodb-key');
    this.logFile = join(root, 'mongodb.log');
    this.lockFile = join(root, 'owner.lock');
    this.#stateFile = join(root, 'mongodb-state.json');
  }

  /**
   * Opens the data folder, making what is missing. Links are resolved, so that one folder has one name.
   * @throws EmbeddedDatabaseError when it cannot be made or written.
   */
  static async open(dataDir: string): Promise<DataFolder> {
    try {
      await mkdir(dataDir, { recursive: true, mode: 0o700 });
      const folder = new DataFolder(await realpath(dataDir));
      await mkdir(folder.dbPath, { recursive: true, mode: 0o700 });
      await chmod(folder.dbPath, 0o700);
      return folder;
    } catch (error) {
      const reason = (error as Error).message;
      throw new EmbeddedDatabaseError(
        `The data folder ${dataDir} cannot be used (${reason}). Set DATA_DIR to a folder that this user may write.`,
        {
          cause: error,
        },
      );
    }
  }

  /** What earlier starts recorded; null at the first start, and when the data files are gone. */
  async readState(): Promise<RecordedState | null> {
    const text = await readIfThere(this.#stateFile);
    if (text === null || !(await this.#hasData())) return null;
    try {
      return JSON.parse(text) as RecordedState;
    } catch {
      return null; // made by hand: a port and a version are found anew
    }
  }

  async writeState(state: RecordedState): Promise<void> {
    await replaceFile(this.#stateFile, `${JSON.stringify(state, null, 2)}\n`);
  }

  /** The secret that mongod and this service share, made at the first call. It opens everything in this one server. */
  async readOrCreateKey(): Promise<string> {
    await createFile(this.keyFile, `${randomBytes(48).toString('hex')}\n`);
    await chmod(this.keyFile, 0o600);
    return ((await readIfThere(this.keyFile)) ?? '').trim();
  }

  /** The password in the recorded address, or a new one. */
  async readOrCreatePassword(): Promise<string> {
    const recorded = ((await readIfThere(this.urlFile)) ?? '').trim();
    return (URL.canParse(recorded) && new URL(recorded).password) || randomBytes(24).toString('hex');
  }

  /** The pid that mongod itself left in its lock file; null after a clean stop. */
  async mongodLockPid(): Promise<number | null> {
    const pid = Number.parseInt((await readIfThere(join(this.dbPath, 'mongod.lock'))) ?? '', 10);
    return Number.isSafeInteger(pid) && pid > 1 ? pid : null;
  }

  async #hasData(): Promise<boolean> {
    try {
      await stat(join(this.dbPath, 'WiredTiger'));
      return true;
    } catch (error) {
      if (isCode(error, 'ENOENT')) return false;
      throw error;
    }
  }
}
