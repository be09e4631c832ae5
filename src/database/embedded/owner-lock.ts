import { randomUUID } from 'node:crypto';
import { link, rename, unlink } from 'node:fs/promises';
import { createFile, isCode, readIfThere } from './atomic-file.js';
import { EmbeddedDatabaseError } from './embedded-database-error.js';
import { type ProcessIdentity, identityOf, isRunning } from './process-identity.js';

/**
 * Says that one running service owns a data folder. The lock is a file with the owner's pid and start time: a killed owner does not block,
 * and neither does a later process with its pid. Processes that cannot see each other (two containers with one volume) are kept apart by the
 * file lock that mongod itself holds.
 */
export class OwnerLock {
  private constructor(
    private readonly path: string,
    private readonly text: string,
  ) {}

  /** @throws EmbeddedDatabaseError when a running process owns the folder. */
  static async acquire(path: string, folder: string): Promise<OwnerLock> {
    const text = JSON.stringify(await identityOf(process.pid));
    for (;;) {
      if (await createFile(path, text)) return new OwnerLock(path, text);
      const found = await readIfThere(path);
      if (found === null) continue;
      const owner = parseIdentity(found);
      if (owner && (await isRunning(owner))) {
        throw new EmbeddedDatabaseError(
          `The data folder ${folder} is in use by a running Signalbox (process ${owner.pid}). Stop that one first, or set DATA_DIR to another folder.`,
        );
      }
      await removeStale(path, found);
    }
  }

  /** Gives the folder free; safe to repeat. */
  async release(): Promise<void> {
    if ((await readIfThere(this.path)) === this.text) await unlink(this.path);
  }
}

function parseIdentity(text: string): ProcessIdentity | null {
  try {
    const { pid, started } = JSON.parse(text) as Partial<ProcessIdentity>;
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : null;
  } catch {
    return null;
  }
}

/** Removes the lock of a dead owner. Another starter may have replaced it since it was read: what was moved away is looked at, and put back. */
async function removeStale(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomUUID()}.stale`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  if ((await readIfThere(aside)) !== stale) await link(aside, path).catch(() => undefined);
  await unlink(aside);
}
