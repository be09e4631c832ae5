import { accessSync, constants, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
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

/**
 * Makes the folders of the service where they are missing. Importables are only read unless somebody deletes one, so their folder may be read-only.
 * @throws SettingsError naming each folder that cannot be used
 */
export function makeFolders({ dataDir, inputDir }: Settings): void {
  const faults = [
    faultOf('DATA_DIR', dataDir, constants.R_OK | constants.W_OK | constants.X_OK),
    faultOf('INPUT_DIR', inputDir, constants.R_OK | constants.X_OK),
  ].filter((fault) => fault !== undefined);
  if (faults.length > 0) throw new SettingsError(faults);
}
