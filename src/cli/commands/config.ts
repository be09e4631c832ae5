import { readSettings, SettingsError } from '../../config/settings.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import type { Invocation } from '../invocation.js';
import { verb, type Verb } from '../verb.js';

const secretName = /token$|secret|password|Key$/i;
const masked = '***';

/** A value without what must not be seen: secrets by name, and passwords within addresses. */
function maskedValue(name: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (secretName.test(name)) return masked;
  return value.replace(/(:\/\/[^:/@]*:)[^@/]*@/, `$1${masked}@`);
}

function print(invocation: Invocation): void {
  try {
    const { warnings, ...settings } = readSettings(invocation.io.env);
    for (const warning of warnings) invocation.io.err(`warning: ${warning}\n`);
    invocation.printer.one(Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, maskedValue(name, value)])));
  } catch (error) {
    if (error instanceof SettingsError) throw new CommandError(exitCodes.usage, error.message);
    throw error;
  }
}

/** `signalbox config`. */
export const configVerbs: readonly Verb[] = [
  verb({
    name: 'print',
    summary: 'Print the settings that a service would have in this environment, secrets masked.',
    examples: ['config print', 'config print --json'],
    run: (invocation) => Promise.resolve(print(invocation)),
  }),
];
