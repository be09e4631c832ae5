import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CommandIo } from '../command-io.js';
import { CommandError, exitCodes } from '../exit-codes.js';

/** A service by name. */
export interface Profile {
  readonly url?: string;
  readonly tokenFile?: string;
}

/** The connections that `--profile` names. */
export interface Profiles {
  /** The one that is meant when none is named. */
  readonly default?: string;
  readonly profiles?: Readonly<Record<string, Profile>>;
}

const folderOf = (io: CommandIo): string => join(io.env['XDG_CONFIG_HOME'] ?? join(io.env['HOME'] ?? homedir(), '.config'), 'signalbox');

/** The file with the profiles. */
export const profilesPath = (io: CommandIo): string => join(folderOf(io), 'profiles.json');

/** The text of a file without outer spaces; null when there is none. @throws CommandError when it cannot be read */
export function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new CommandError(exitCodes.usage, `${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** The profiles of this user; none without a file. @throws CommandError when the file is no JSON */
export function profilesIn(io: CommandIo): Profiles {
  const path = profilesPath(io);
  const text = textOf(path);
  try {
    return text === null ? {} : (JSON.parse(text) as Profiles);
  } catch {
    throw new CommandError(
      exitCodes.usage,
      `${path} is no JSON. It should be {"profiles":{"NAME":{"url":"https://...","tokenFile":"..."}}}.`,
    );
  }
}

/** Writes a file that nobody else may read, whole or not at all. */
function writePrivately(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const partial = `${path}.${process.pid}`;
  writeFileSync(partial, text, { mode: 0o600 });
  chmodSync(partial, 0o600);
  renameSync(partial, path);
}

/**
 * Keeps a service under a name, with its token in a file of its own. The first one kept is the one that is meant when none is named.
 * @returns the file of the token
 */
export function keepProfile(io: CommandIo, name: string, { url, token }: { url: string; token: string }): string {
  const known = profilesIn(io);
  const tokenFile = join(folderOf(io), `${name}.token`);
  writePrivately(tokenFile, `${token}\n`);
  const profiles = { ...known.profiles, [name]: { url, tokenFile } };
  writePrivately(profilesPath(io), `${JSON.stringify({ default: known.default ?? name, profiles }, null, 2)}\n`);
  return tokenFile;
}
