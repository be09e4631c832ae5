import { InvalidArgumentError, Option } from 'commander';
import { readFileSync } from 'node:fs';
import { positiveInteger } from './global-flags.js';

/** How many items of a list. */
export const limitOption = (): Option =>
  new Option('--limit <n>', 'print so many (default: 50)').argParser(positiveInteger).conflicts('all');
/** All items of a list. */
export const allOption = (): Option => new Option('--all', 'print everything, page after page');
/** How much of a list. */
export const listOptions = (): Option[] => [limitOption(), allOption()];
/** Why something is changed; needed. */
export const reasonOption = (): Option => new Option('--reason <text>', 'why; stands in the history').makeOptionMandatory();
/** Agrees beforehand. */
export const yesOption = (): Option => new Option('--yes', 'do not ask whether it is meant');
/** Agrees beforehand by repeating what is asked for. */
export const confirmOption = (what: string): Option => new Option('--confirm <name>', what);
/** Tells only. */
export const dryRunOption = (): Option => new Option('--dry-run', 'tell what would be done, and do nothing');
/** Waits for the end of a job. */
export const waitOption = (): Option => new Option('--wait', 'wait until the job has ended');

/** Filters by name, each any of its values. */
export type Filters = Readonly<Record<string, readonly string[]>>;

function addFilter(text: string, before: Filters = {}): Filters {
  const [, name, value] = /^([A-Za-z]+)=(.+)$/su.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError('Write name=value, such as status=failed or operation=!BUMP.');
  return { ...before, [name]: [...(before[name] ?? []), value] };
}

/** Chooses jobs. */
export const filterOption = (): Option =>
  new Option(
    '--filter <name=value>',
    'only jobs that fit, such as status=failed; a name that stands twice is any of its values, !value leaves out',
  ).argParser(addFilter);

/** Collects the values of an option that may be repeated. */
export const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/** A JSON object, as it stands or in a file: `@parameters.json`. */
export function jsonObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text);
  } catch (error) {
    throw new InvalidArgumentError(`It is no JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidArgumentError('Write a JSON object, such as {"releaseStatus":"DRAFT"}, or @FILE.');
  return value as Record<string, unknown>;
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** An instant: RFC 3339 with a zone, or a time from now such as `+90m`. */
export function instant(text: string): string {
  const [, amount, unit] = /^\+(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount && unit) return new Date(Date.now() + Number(amount) * units[unit]!).toISOString();
  if (/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError('Write an instant with its zone, such as 2026-06-11T18:00:00Z, or a time from now, such as +30m or +2h.');
}

/** As `instant`; the word `none` is null. */
export const instantOrNone = (text: string): string | null => (text === 'none' ? null : instant(text));
