import { resolve } from 'node:path';
import { Option } from 'commander';
import { type EmbeddedIssuer, existingEmbeddedIssuer, IssuerKeyError, tokenProfileOf } from '../../auth/issuer/embedded-issuer.js';
import { signJobCookies } from '../../auth/issuer/job-cookie-tokens.js';
import { type Role, roles } from '../../common/caller.js';
import { readSettings, type Settings, SettingsError } from '../../config/settings.js';
import type { CommandIo } from '../command-io.js';
import { durationSeconds } from '../duration.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { verb } from '../verb.js';

interface CreateOptions {
  readonly role?: Role[];
  readonly dataset?: string[];
  readonly subject?: string;
  readonly name?: string;
  readonly expires: number;
  readonly dataDir?: string;
  readonly cookies?: true;
  readonly firstName: string;
  readonly lastName: string;
}

function settingsIn(io: CommandIo): Settings {
  try {
    return readSettings(io.env);
  } catch (error) {
    if (error instanceof SettingsError) throw new CommandError(exitCodes.usage, error.message);
    throw error;
  }
}

async function issuerIn(dataDir: string, settings: Settings): Promise<EmbeddedIssuer> {
  if (settings.jwksUrl !== null) {
    throw new CommandError(exitCodes.usage, 'JWKS_URL is set: tokens for this service come from your identity provider, not from here.');
  }
  try {
    const issuer = await existingEmbeddedIssuer(dataDir, tokenProfileOf(settings));
    if (issuer) return issuer;
  } catch (error) {
    if (error instanceof IssuerKeyError) throw new CommandError(exitCodes.unexpected, error.message);
    throw error;
  }
  throw new CommandError(
    exitCodes.notFound,
    `There is no key under ${dataDir} yet. Start the service once, or name its folder with --data-dir.`,
  );
}

function printBearer(issuer: EmbeddedIssuer, options: CreateOptions, io: CommandIo): void {
  const [first, ...others] = options.role ?? [];
  if (!first) throw new CommandError(exitCodes.usage, `Name a role: --role ${roles.join('|')}.`);
  const sub = options.subject ?? first;
  const rights = { roles: [first, ...others], ...(options.dataset && { datasets: options.dataset }) };
  io.out(`${issuer.signToken({ sub, name: options.name ?? sub, ...rights, expiresInSeconds: options.expires })}\n`);
}

function printCookies(issuer: EmbeddedIssuer, options: CreateOptions, { stack, io }: { stack: string | null; io: CommandIo }): void {
  if (options.role || options.dataset)
    throw new CommandError(exitCodes.usage, 'Cookies carry a role of their own: leave --role out, and --dataset.');
  const user = { userId: options.subject ?? 'cookie-user', firstName: options.firstName, lastName: options.lastName };
  io.out(`${signJobCookies(issuer, { user, stack, expiresInSeconds: options.expires })}\n`);
}

async function createToken(options: CreateOptions, io: CommandIo): Promise<void> {
  const settings = settingsIn(io);
  const issuer = await issuerIn(options.dataDir ? resolve(options.dataDir) : settings.dataDir, settings);
  if (options.cookies) printCookies(issuer, options, { stack: settings.stack, io });
  else printBearer(issuer, options, io);
}

/** `signalbox token`: tokens of the embedded issuer, signed with the key under the data folder; the service need not run. */
export const tokenVerbs = [
  verb({
    name: 'create',
    summary: 'Print a new token for a service that runs without an identity provider.',
    options: [
      new Option('--role <role...>', 'what the token may do').choices(roles),
      new Option('--dataset <id...>', 'datasets whose traces it may write and read over the old trace API; * for all'),
      new Option('--subject <name>', 'whom the token is for, as history names it (default: the role)'),
      new Option('--name <text>', 'name to show (default: the subject)'),
      new Option('--expires <time>', 'how long it lives, such as 90s, 15m, 12h or 30d')
        .argParser(durationSeconds)
        .default(2_592_000, '30d'),
      new Option('--data-dir <folder>', 'the data folder of the service (default: DATA_DIR, else ./data)'),
      new Option('--cookies', 'print the Cookie header for POST /jobs of the old job API instead'),
      new Option('--first-name <text>', 'with --cookies: first name of the user').default('Test'),
      new Option('--last-name <text>', 'with --cookies: last name of the user').default('User'),
    ],
    examples: [
      'token create --role worker --subject imp-3 --expires 90d',
      'token create --role worker --dataset boligpriser',
      'token create --cookies',
    ],
    run: (invocation, _args, options: CreateOptions) => createToken(options, invocation.io),
  }),
];
