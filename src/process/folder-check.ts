import { accessSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { adminTokenPath } from '../auth/index.js';
import { type Settings, SettingsError } from '../config/settings.js';

/** Makes a folder and those above it. Node's own recursive `mkdir` never ends where a file system such as /proc says that nothing can be made there. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/** The fault of a folder, which is made where it is missing; undefined when it can be used. */
function faultOf(name: string, folder: string, access: number): string | undefined {
  try {
    makeFolder(folder);
    accessSync(folder, access);
    readdirSync(folder);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return `${name}: ${folder} cannot be used as a folder by this user (${code}). Name another one, or change its rights.`;
  }
}

/** Where the service leaves its address in a data folder, for the command line of the same machine. */
export const addressPath = (dataDir: string): string => join(dataDir, 'address');

/** The fault of a file that the service will read and write, where there is one already; undefined when it can. */
function faultOfFile(path: string): string | undefined {
  try {
    if (!statSync(path).isDirectory()) return accessSync(path, constants.R_OK | constants.W_OK) as undefined;
    return `DATA_DIR: ${path} is a folder, and must be a file of the service's own. Remove it, or name another DATA_DIR.`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    return `DATA_DIR: ${path} cannot be read and written by this user (${code}). Remove it, or change its rights.`;
  }
}

/**
 * Makes the folders of the service where they are missing. Importables are only read unless somebody deletes one, so their folder may be read-only.
 * @throws SettingsError naming each folder that cannot be used, and each of the service's files in whose place is something else
 */
export function makeFolders({ dataDir, inputDir }: Settings): void {
  const faults = [
    faultOf('DATA_DIR', dataDir, constants.R_OK | constants.W_OK | constants.X_OK),
    faultOf('INPUT_DIR', inputDir, constants.R_OK | constants.X_OK),
    faultOfFile(addressPath(dataDir)),
    faultOfFile(adminTokenPath(dataDir)),
  ].filter((fault) => fault !== undefined);
  if (faults.length > 0) throw new SettingsError(faults);
}
