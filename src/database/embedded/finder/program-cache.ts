import { randomUUID } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { versionOf } from './mongod-version.js';

const dayMs = 86_400_000;
const temporaryPrefix = 'fetching-';

/** A program in the cache, ready to run. */
export interface CachedProgram {
  readonly path: string;
  readonly version: string;
}

/**
 * The folder where fetched programs are kept for later starts. An entry appears in one step, whole and tried out: a fetch works in a folder
 * of its own and moves the finished program to its place, replacing one that another process may have put there at the same time.
 */
export class ProgramCache {
  readonly #suffix = `-${process.platform}-${process.arch}`;

  constructor(readonly folder: string) {}

  /** `$XDG_CACHE_HOME/signalbox`, else `~/.cache/signalbox`. */
  static of(env: NodeJS.ProcessEnv): ProgramCache {
    return new ProgramCache(join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'signalbox'));
  }

  /** The programs for this kind of machine, newest version first. They were whole when they were put here. */
  async paths(): Promise<string[]> {
    const names = await readdir(this.folder).catch(() => []);
    return names
      .filter((name) => name.startsWith('mongod-') && name.endsWith(this.#suffix))
      .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
      .map((name) => join(this.folder, name));
  }

  /**
   * Puts the program that `fetch` leaves somewhere, most likely in the folder it is given, into the cache.
   * @throws what `fetch` throws, and Error when the program does not run; then the cache is as before.
   */
  async fill(fetch: (temporary: string) => Promise<string>): Promise<CachedProgram> {
    await mkdir(this.folder, { recursive: true });
    await this.#clearAbandoned();
    const temporary = join(this.folder, `${temporaryPrefix}${randomUUID()}`);
    await mkdir(temporary, { mode: 0o700 });
    try {
      const program = join(temporary, 'program');
      await copyFile(await fetch(temporary), program);
      await chmod(program, 0o755);
      const version = await versionOf(program);
      const path = join(this.folder, `mongod-${version}${this.#suffix}`);
      await rename(program, path);
      return { path, version };
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  /** Fetches that were killed leave their folder; nobody works a whole day on one. */
  async #clearAbandoned(): Promise<void> {
    for (const name of await readdir(this.folder)) {
      if (!name.startsWith(temporaryPrefix)) continue;
      const path = join(this.folder, name);
      const changedAt = (await stat(path).catch(() => null))?.mtimeMs ?? Infinity;
      if (changedAt < Date.now() - dayMs) await rm(path, { recursive: true, force: true });
    }
  }
}
