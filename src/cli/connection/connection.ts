import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { CommandIo } from '../command-io.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import type { GlobalFlags } from '../global-flags.js';
import { type Profile, profilesIn, profilesPath, textOf } from './profiles.js';

/** Where a command goes, and why there. */
export interface Connection {
  readonly url: string;
  /** Null: none, for public routes. */
  readonly token: string | null;
  /** Where the address and the token are from, for `doctor` and `config print`. */
  readonly urlFrom: string;
  readonly tokenFrom: string;
}

/** The folder of an embedded service: DATA_DIR, else ./data. */
export const dataDirOf = (io: CommandIo): string => resolve(io.env['DATA_DIR'] ?? './data');

function profileOf(flags: GlobalFlags, io: CommandIo): Profile & { readonly name: string } {
  const { profiles = {}, default: usual } = profilesIn(io);
  const name = flags.profile ?? io.env['SIGNALBOX_PROFILE'] ?? usual;
  if (name === undefined) return { name: '' };
  const profile = profiles[name];
  if (!profile) {
    const known = Object.keys(profiles).join(', ') || 'none';
    throw new CommandError(exitCodes.usage, `There is no profile ${name} in ${profilesPath(io)}; it has ${known}.`);
  }
  return { ...profile, name };
}

interface Address {
  readonly url: string;
  readonly from: string;
  /** The data folder's own service: its admin token is meant for it, and for nobody else. */
  readonly embedded: boolean;
}

function addressOf(flags: GlobalFlags, profile: Profile & { name: string }, io: CommandIo): Address {
  const own = textOf(join(dataDirOf(io), 'address'));
  const named: readonly (readonly [string | undefined, string])[] = [
    [flags.url, '--url'],
    [flags.profile ? profile.url : undefined, `profile ${profile.name}`],
    [io.env['SIGNALBOX_URL'], 'SIGNALBOX_URL'],
    [profile.url, `profile ${profile.name}`],
    [own ?? undefined, join(dataDirOf(io), 'address')],
  ];
  for (const [url, from] of named) {
    if (!url) continue;
    if (!URL.canParse(url) || !/^https?:/.test(url))
      throw new CommandError(exitCodes.usage, `${from}: ${url} is no address such as http://127.0.0.1:8000.`);
    return { url: url.replace(/\/+$/, ''), from, embedded: url.replace(/\/+$/, '') === own };
  }
  throw new CommandError(
    exitCodes.usage,
    `There is no service to talk to: no service has run with the data folder ${dataDirOf(io)}. Start one (npm start), or name one with --url or SIGNALBOX_URL.`,
  );
}

/** The token file of a profile, for the profile's own address only; SIGNALBOX_TOKEN goes before it unless the profile was asked for. */
function profileTokenOf(
  { profile: asked }: GlobalFlags,
  { url: own, tokenFile }: Profile,
  { io, url }: { io: CommandIo; url: string },
): string | undefined {
  if (own?.replace(/\/+$/, '') !== url) return undefined;
  return io.env['SIGNALBOX_TOKEN'] && !asked ? undefined : tokenFile;
}

async function tokenOf(
  flags: GlobalFlags,
  profile: Profile,
  { io, url, embedded }: { io: CommandIo; url: string; embedded: boolean },
): Promise<[string | null, string]> {
  const file = flags.tokenFile ?? profileTokenOf(flags, profile, { io, url });
  if (file === '-') return [(await io.readInput?.())?.trim() || null, 'stdin'];
  if (file !== undefined) {
    const token = textOf(file.replace(/^~(?=\/)/, io.env['HOME'] ?? homedir()));
    if (!token) throw new CommandError(exitCodes.usage, `There is no token in ${file}.`);
    return [token, file];
  }
  if (io.env['SIGNALBOX_TOKEN']) return [io.env['SIGNALBOX_TOKEN'], 'SIGNALBOX_TOKEN'];
  const path = join(dataDirOf(io), 'admin-token');
  if (embedded && readable(path)) return [textOf(path), path];
  return [null, 'none'];
}

function readable(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Finds the service and the token of a command. A profile's token goes to the profile's address only, the admin token of a data folder only to the address that
 * its service wrote there.
 * @throws CommandError when there is none, with what to do
 */
export async function connectionOf(flags: GlobalFlags, io: CommandIo): Promise<Connection> {
  const profile = profileOf(flags, io);
  const { url, from, embedded } = addressOf(flags, profile, io);
  const [token, tokenFrom] = await tokenOf(flags, profile, { io, url, embedded });
  return { url, token, urlFrom: from, tokenFrom };
}
