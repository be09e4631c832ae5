import { CompatError } from '../http/compat-error.js';
import { cutMiddle, escapeText, pythonRepr, pythonTypeOf } from './python-repr.js';

/*
 * The original job service validated bodies with pydantic, and its clients look for the beginning of pydantic's messages. A model here is declared in the same
 * terms and answers with the same texts, so that a caller sees what the original would have said.
 */

type Path = readonly (string | number)[];

/** Blocks of a message; further errors are counted only, so that a small hostile body cannot make a huge answer. */
const maxBlocks = 100;

/** What is wrong with a value: pydantic's sentence and its short name for it. */
interface Fault {
  readonly reason: string;
  readonly type: string;
}

/** The errors found so far in one input. */
class Findings {
  total = 0;
  private readonly blocks: string[] = [];

  add(path: Path, { reason, type }: Fault, input: unknown): undefined {
    this.total++;
    if (this.blocks.length >= maxBlocks) return;
    const place = path.map((step) => cutMiddle(escapeText(String(step)))).join('.');
    const detail = `  ${reason} [type=${type}, input_value=${pythonRepr(input)}, input_type=${pythonTypeOf(input)}]`;
    this.blocks.push(place === '' ? detail : `${place}\n${detail}`);
  }

  messageFor(model: string): string {
    const lines = [`${this.total} validation error${this.total === 1 ? '' : 's'} for ${model}`, ...this.blocks];
    if (this.total > this.blocks.length) lines.push(`... and ${this.total - this.blocks.length} more`);
    return lines.join('\n');
  }
}

/** What a value may be. `read` answers the accepted value, or undefined after it has noted what is wrong. */
export interface FieldType<T> {
  readonly read: (input: unknown, path: Path, findings: Findings) => T | undefined;
}

/** A field that may be missing; null counts as missing, and neither leaves a key in the parsed value. */
export interface OptionalField<T> extends FieldType<T> {
  readonly optional: true;
}

const loneSurrogate = /\p{Cs}/u;

/** Any string of well-formed Unicode; never made from a number. */
export const string: FieldType<string> = {
  read: (input, path, findings) => {
    if (typeof input !== 'string') return findings.add(path, { reason: 'Input should be a valid string', type: 'string_type' }, input);
    if (!loneSurrogate.test(input)) return input;
    return findings.add(
      path,
      { reason: 'Input should be a valid string, unable to parse raw data as a unicode string', type: 'string_unicode' },
      input,
    );
  },
};

/** The values as `'a', 'b' or 'c'`. */
function alternatives(values: readonly string[]): string {
  const quoted = values.map((value) => `'${value}'`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}

/** One of the given strings, compared exactly. */
export function enumeration<const T extends string>(values: readonly T[]): FieldType<T> {
  const reason = `Input should be ${alternatives(values)}`;
  return {
    read: (input, path, findings) => values.find((value) => value === input) ?? findings.add(path, { reason, type: 'enum' }, input),
  };
}

const integerText = /^\s*([+-]?\d+(?:_\d+)*)(?:\.0+)?\s*$/;

/**
 * An integer, also as a numeric string (`"7"`, `" +7 "`, `"7.0"`, `"7_000"`). Beyond 2^53 it is refused, because JSON parsing has then already changed it.
 */
export const integer: FieldType<number> = {
  read: (input, path, findings) => {
    const wrong = (detail: string, type: string): undefined =>
      findings.add(path, { reason: `Input should be a valid integer${detail}`, type }, input);
    if (typeof input !== 'number' && typeof input !== 'string') return wrong('', 'int_type');
    const digits = typeof input === 'string' ? integerText.exec(input)?.[1] : undefined;
    const value = typeof input === 'number' ? input : Number(digits?.replaceAll('_', ''));
    if (Number.isNaN(value)) return wrong(', unable to parse string as an integer', 'int_parsing');
    if (Number.isFinite(value) && !Number.isInteger(value)) return wrong(', got a number with a fractional part', 'int_from_float');
    return Number.isSafeInteger(value) ? value : wrong(', exceeded maximum size', 'int_parsing_size');
  },
};

const trueWords = new Set(['true', '1', 'yes', 'on', 't', 'y']);
const falseWords = new Set(['false', '0', 'no', 'off', 'f', 'n']);

/** A boolean: `true`, `1`, or one of the words true, 1, yes, on, t, y in any case, and their opposites. */
export const boolean: FieldType<boolean> = {
  read: (input, path, findings) => {
    if (typeof input === 'boolean') return input;
    if (typeof input !== 'string' && !Number.isInteger(input))
      return findings.add(path, { reason: 'Input should be a valid boolean', type: 'bool_type' }, input);
    const word = String(input).toLowerCase();
    if (trueWords.has(word)) return true;
    if (falseWords.has(word)) return false;
    return findings.add(path, { reason: 'Input should be a valid boolean, unable to interpret input', type: 'bool_parsing' }, input);
  },
};

/** An array whose items all fit. */
export function list<T>(items: FieldType<T>): FieldType<T[]> {
  return {
    read: (input, path, findings) => {
      if (!Array.isArray(input)) return findings.add(path, { reason: 'Input should be a valid list', type: 'list_type' }, input);
      const before = findings.total;
      const values = input.map((item: unknown, index) => items.read(item, [...path, index], findings));
      return findings.total === before ? (values as T[]) : undefined;
    },
  };
}

/** The key has to be sent, but its value may be null. */
export function nullable<T>(type: FieldType<T>): FieldType<T | null> {
  return { read: (input, path, findings) => (input === null ? null : type.read(input, path, findings)) };
}

/** The key may be left out or null. */
export function optional<T>(type: FieldType<T>): OptionalField<T> {
  return { optional: true, read: (input, path, findings) => type.read(input, path, findings) };
}

/** Reads what `convert` makes of the input, such as the parts of a text. */
export function converted<T>(convert: (input: unknown) => unknown, type: FieldType<T>): FieldType<T> {
  return { read: (input, path, findings) => type.read(convert(input), path, findings) };
}

type Fields = Readonly<Record<string, FieldType<unknown>>>;
type ValueOf<T> = T extends FieldType<infer V> ? V : never;
type OptionalNames<F extends Fields> = { [K in keyof F]: F[K] extends OptionalField<unknown> ? K : never }[keyof F];

/** The parsed value of a model with these fields. */
export type ModelValue<F extends Fields> = { [K in Exclude<keyof F, OptionalNames<F>>]: ValueOf<F[K]> } & {
  [K in OptionalNames<F>]?: ValueOf<F[K]>;
};

/** An object with known fields; also usable as the type of a field. */
export interface Model<T> extends FieldType<T> {
  /** As it stands at the beginning of messages. */
  readonly name: string;
}

export interface ModelOptions<T> {
  /** What happens to unknown keys: refused (default), or dropped. */
  readonly extra?: 'forbid' | 'ignore';
  /** A rule over several fields, asked once all of them are accepted: the sentence to answer when it is broken. */
  readonly rule?: (value: T) => string | undefined;
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The spelling under which the field is sent: its own name before the snake_case one. */
function sentAs(name: string, input: object): string | undefined {
  return [name, snakeCase(name)].find(
    (spelling) => Object.hasOwn(input, spelling) && (input as Record<string, unknown>)[spelling] !== undefined,
  );
}

/** Reads the fields of `input`; answers their values and the keys that belong to them. */
function readFields(
  fields: Fields,
  input: Readonly<Record<string, unknown>>,
  { path, findings }: { path: Path; findings: Findings },
): [object, Set<string>] {
  const value: Record<string, unknown> = {};
  const used = new Set<string>();
  for (const [name, type] of Object.entries(fields)) {
    const key = sentAs(name, input);
    const mayMiss = 'optional' in type;
    if (key !== undefined) used.add(key);
    if (key === undefined && !mayMiss) findings.add([...path, name], { reason: 'Field required', type: 'missing' }, input);
    if (key === undefined || (mayMiss && input[key] === null)) continue;
    value[name] = type.read(input[key], [...path, name], findings);
  }
  return [value, used];
}

/**
 * Declares a model: its fields in the order in which errors are listed, by their camelCase names; each is also accepted in snake_case. Unknown keys come last.
 */
export function model<const F extends Fields>(name: string, fields: F, options: ModelOptions<ModelValue<F>> = {}): Model<ModelValue<F>> {
  const read: Model<ModelValue<F>>['read'] = (input, path, findings) => {
    if (typeof input !== 'object' || input === null || Array.isArray(input))
      return findings.add(path, { reason: `Input should be a valid dictionary or instance of ${name}`, type: 'model_type' }, input);
    const before = findings.total;
    const record = input as Record<string, unknown>;
    const [value, used] = readFields(fields, record, { path, findings });
    for (const key of options.extra === 'ignore' ? [] : Object.keys(record).filter((key) => !used.has(key)))
      findings.add([...path, key], { reason: 'Extra inputs are not permitted', type: 'extra_forbidden' }, record[key]);
    if (findings.total > before) return undefined;
    const broken = options.rule?.(value as ModelValue<F>);
    return broken === undefined
      ? (value as ModelValue<F>)
      : findings.add(path, { reason: `Value error, ${broken}`, type: 'value_error' }, input);
  };
  return { name, read };
}

/**
 * The input as the model's value, with only its fields, under their camelCase names.
 * @throws CompatError 400 with `<n> validation error(s) for <Model>`, then a path line and a reason line for each of the first 100 errors
 * @see contracts/jobs.md 1
 */
export function parseModel<T>(type: Model<T>, input: unknown): T {
  const findings = new Findings();
  const value = type.read(input, [], findings);
  if (value === undefined) throw new CompatError(400, findings.messageFor(type.name));
  return value;
}
