import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The text of a file, or null when there is none. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/** Replaces a file in one step, readable by its owner only; a reader, also one after a power cut, sees the old text or the new one. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await rename(await writeDurably(path, text), path);
  await flushFolder(dirname(path));
}

/**
 * Creates a file with its whole text at once, readable by its owner only.
 * @returns false when there was one already, which then stays as it is.
 */
export async function createFile(path: string, text: string): Promise<boolean> {
  const written = await writeDurably(path, text);
  try {
    await link(written, path);
    await flushFolder(dirname(path));
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await unlink(written);
  }
}

/** Whether an error is the system's error of this code. */
export function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === code;
}

async function writeDurably(path: string, text: string): Promise<string> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  return temporary;
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
