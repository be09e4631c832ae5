const maxDepth = 24;
/** More entries than a cut text can show from one end. */
const shownEntries = 26;
const maxShownLength = 50;

/** The name that Python gives to the type of a JSON value: `dict`, `list`, `str`, `int`, `float`, `bool`, `NoneType`. */
export function pythonTypeOf(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  const names: Readonly<Record<string, string>> = { string: 'str', boolean: 'bool', object: 'dict' };
  return names[typeof value] ?? 'object';
}

const shortEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeCharacter(character: string): string {
  const short = shortEscapes[character];
  if (short) return short;
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
}

/** The text with control, format and separator characters, lone surrogates and backslashes escaped as Python does: fit for any log or terminal. */
export function escapeText(text: string): string {
  return text.replace(/[\\\p{C}\p{Zl}\p{Zp}]/gu, escapeCharacter);
}

/** The text, or its ends around `...` where it is longer than 50 characters. */
export function cutMiddle(text: string): string {
  if (text.length <= maxShownLength) return text;
  const characters = Array.from(text);
  return characters.length <= maxShownLength ? text : `${characters.slice(0, 25).join('')}...${characters.slice(-24).join('')}`;
}

/** What is needed of a long text to show both of its ends. */
const endsOf = (text: string): string => (text.length <= 400 ? text : `${text.slice(0, 200)}${text.slice(-200)}`);

function quote(text: string): string {
  const ends = endsOf(text);
  if (ends.includes("'") && !ends.includes('"')) return `"${escapeText(ends)}"`;
  return `'${escapeText(ends).replaceAll("'", "\\'")}'`;
}

function endEntries<T>(entries: readonly T[]): readonly T[] {
  return entries.length <= 2 * shownEntries ? entries : [...entries.slice(0, shownEntries), ...entries.slice(-shownEntries)];
}

function describeContainer(value: object, depth: number): string {
  const isArray = Array.isArray(value);
  if (depth >= maxDepth) return isArray ? '[...]' : '{...}';
  if (isArray)
    return `[${endEntries(value)
      .map((item) => describe(item, depth + 1))
      .join(', ')}]`;
  const entries = endEntries(Object.entries(value)).map(([key, item]) => `${quote(key)}: ${describe(item, depth + 1)}`);
  return `{${entries.join(', ')}}`;
}

function describe(value: unknown, depth: number): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : String(value).replace('Infinity', 'inf').toLowerCase();
  return typeof value === 'object' ? describeContainer(value, depth) : typeof value;
}

/**
 * A JSON value as Python's `repr` writes it, cut in the middle to 50 characters: `{'msg': 'x', 'paused': True}`. Its cost is bounded by the size of the
 * value, whatever its depth.
 */
export const pythonRepr = (value: unknown): string => cutMiddle(describe(value, 0));
