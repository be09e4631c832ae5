// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const control = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const named: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** The text with everything that a terminal would obey made visible: names and log lines come from elsewhere. */
export const visible = (text: string): string =>
  text.replace(control, (character) => named[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** A value of a document as one line. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (Array.isArray(value) && value.every((each) => typeof each !== 'object')) return value.length === 0 ? '-' : visible(value.join(', '));
  return visible(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** The value at a path such as `lease.workerId`; undefined where the path ends early. */
export function valueAt(document: unknown, path: string): unknown {
  let value = document;
  for (const name of path.split('.')) value = (value as Record<string, unknown> | null | undefined)?.[name];
  return value;
}

const units: readonly (readonly [number, string])[] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
];

/** An instant as the time that has passed since, such as `3 min ago`; `-` for none. */
export function ago(instant: unknown, now: number = Date.now()): string {
  if (typeof instant !== 'string') return '-';
  const seconds = Math.round((now - Date.parse(instant)) / 1_000);
  if (seconds < 0) return `in ${spanOf(-seconds)}`;
  return seconds < 1 ? 'now' : `${spanOf(seconds)} ago`;
}

/** Seconds in their largest unit. */
function spanOf(seconds: number): string {
  const [size, unit] = units.find(([least]) => seconds >= least) ?? [1, 's'];
  return `${Math.floor(seconds / size)} ${unit}`;
}
