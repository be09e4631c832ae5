import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CheckResult } from './health-checks.js';

/** Free bytes that must be left on the disk of `DATA_DIR` for the process to count as ready. */
const diskReserveBytes = 100 * 1024 * 1024;

/** Free bytes on the disk of a folder, or of its nearest parent that exists: the folder is made when first needed. */
async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(folder) === folder) throw error;
    return freeBytes(dirname(folder));
  }
}

/** A check that fails when the disk of `folder` has less than `reserveBytes` free. */
export function diskCheck(folder: string, reserveBytes: number = diskReserveBytes): () => Promise<CheckResult> {
  return async () => {
    const ok = (await freeBytes(folder)) >= reserveBytes;
    return { ok, detail: ok ? null : `less than ${Math.ceil(reserveBytes / 1024 / 1024)} MiB free` };
  };
}
