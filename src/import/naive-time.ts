const naive = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?$/;

/** The names that `Intl` knows, so that a wrong zone is told before anything is read. */
export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

const shownFields = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;

/** Making one takes a hundred times as long as using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, hourCycle: 'h23', ...shownFields });
  formats.set(zone, format);
  return format;
}

/** How far a zone's clock is ahead of UTC at an instant, in milliseconds. */
function offsetMs(zone: string, at: number): number {
  if (zone === 'UTC') return 0;
  const format = formatOf(zone);
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const shown = Date.parse(`${part['year']}-${part['month']}-${part['day']}T${part['hour']}:${part['minute']}:${part['second']}Z`);
  return shown - Math.floor(at / 1_000) * 1_000;
}

/**
 * The instant of a time as the original writes it: a BSON date is UTC; text without a zone is the local time of its service, with `T` or a space, with up to
 * nine digits of fraction or none; text with a zone says it itself. An hour that the clock shows twice is taken as the first, one that it skips as the hour after.
 * @returns null for anything else
 * @see contracts/jobs.md 4.5, 9
 */
export function instantOf(value: unknown, zone: string): Date | null {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value;
  if (typeof value !== 'string') return null;
  const [, day, time, fraction = '', offset] = naive.exec(value) ?? [];
  if (day === undefined || time === undefined) return null;
  const at = Date.parse(`${day}T${time}.${fraction.padEnd(3, '0').slice(0, 3)}${offset ?? 'Z'}`);
  if (Number.isNaN(at)) return null;
  if (offset !== undefined) return new Date(at);
  const first = at - offsetMs(zone, at - 86_400_000); // the offset of the day before holds until the clock changes
  const fits = offsetMs(zone, first) === at - first;
  return new Date(fits ? first : at - offsetMs(zone, at));
}
