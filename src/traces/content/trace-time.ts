const form = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,18}))?)? ?(?:Z|([+-])(\d\d)(?::?(\d\d)(?::?(\d\d))?)?)?)?$/i;

/** A point in time as finely as clients tell it: `Date` would lose the microseconds that order the steps of a trace. */
interface FineInstant {
  /** Milliseconds since 1970 of the whole second. */
  readonly secondMs: number;
  /** Nanoseconds into the second, nine digits. */
  readonly fraction: string;
}

/** Milliseconds of a day and time that exist; NaN for a 30 February or a minute 61. */
function existingMs(day: readonly number[], [hour = 0, minute = 0, second = 0]: readonly number[]): number {
  const [year = 0, month = 0, date = 0] = day;
  const ms = new Date(0).setUTCFullYear(year, month - 1, date); // `Date.UTC` takes the year 99 for 1999
  const same = new Date(ms).getUTCMonth() === month - 1 && new Date(ms).getUTCDate() === date;
  return same && hour < 24 && minute < 60 && second < 60 ? ms + ((hour * 60 + minute) * 60 + second) * 1_000 : NaN;
}

/** ISO 8601 as Python and others write it; a time without a zone is UTC. Undefined for anything else. */
function instantOf(text: string): FineInstant | undefined {
  const parts = form.exec(text);
  if (!parts) return undefined;
  const numbers = parts.map((part) => Number(part ?? 0));
  const offset = existingMs([1970, 1, 1], numbers.slice(9, 12)) * (parts[8] === '-' ? -1 : 1);
  const secondMs = existingMs(numbers.slice(1, 4), numbers.slice(4, 7)) - offset;
  const year = new Date(secondMs).getUTCFullYear();
  if (!(year >= 0 && year <= 9_999)) return undefined;
  return { secondMs, fraction: (parts[7] ?? '').padEnd(9, '0').slice(0, 9) };
}

/** More of a text that is no time does not decide its place. */
const maxPlaceCharacters = 255;

/**
 * The place of a `start_time` among others, as a text to be compared byte by byte: instants in their order, to the nanosecond, then by its own text what is
 * no time.
 * @see contracts/traces.md 5
 */
export function placeInTime(text: string): string {
  const instant = instantOf(text);
  if (!instant) return `~${text.slice(0, maxPlaceCharacters).toWellFormed()}`;
  return `${new Date(instant.secondMs).toISOString().slice(0, 19)}.${instant.fraction}`;
}

/** The instant of a text, to the millisecond; null when it is none. */
export function dateIn(text: string): Date | null {
  const instant = instantOf(text);
  return instant ? new Date(instant.secondMs + Math.floor(Number(instant.fraction) / 1_000_000)) : null;
}
