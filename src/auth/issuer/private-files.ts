import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Whether a file operation failed with this system code. */
const hasCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException | null)?.code === code;

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } catch (error) {
    if (!hasCode(error, 'EISDIR') && !hasCode(error, 'EPERM') && !hasCode(error, 'EINVAL')) throw error; // not every system can sync a folder
  } finally {
    await folder.close();
  }
}

/** Writes a whole file, readable by its owner only, beside `path`, puts it in place by `publish`, and leaves nothing else behind. */
async function writeThen(path: string, content: string, publish: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
    await file.close();
    await publish(temporary);
    await syncFolder(dirname(path));
  } finally {
    await file.close();
    await rm(temporary, { force: true });
  }
}

/** Puts a file in place of whatever is there, whole or not at all. */
export async function replaceFile(path: string, content: string): Promise<void> {
  await writeThen(path, content, (temporary) => rename(temporary, path));
}

/** Puts a file in place unless there is one already: of several writers one wins, and the others leave its file alone. */
export async function createFile(path: string, content: string): Promise<void> {
  await writeThen(path, content, async (temporary) => {
    try {
      await link(temporary, path);
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  });
}

/** The text of a file; null when there is none. */
export async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}
