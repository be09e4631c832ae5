import { randomUUID } from 'node:crypto';

/** Numbers that may not come back from JavaScript as they were written: many digits, or an exponent. */
const riskyNumber = /\d{16}|\d\.\d{15}|\d[eE][+-]?\d/;
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
};

/** A JSON object that can be written again, in parts, with the digits of its numbers as they were sent. */
export interface ExactObject {
  /** Its fields with JavaScript's numbers. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Some of its fields, under new names, as JSON. @param names new name and name of each, in the order of writing */
  write(names: readonly (readonly [string, string])[]): string;
  /** As `write`, with all keys sorted. */
  writeSorted(names: readonly (readonly [string, string])[]): string;
}

type Writable = Readonly<Record<string, unknown>>;
const pick = (fields: Writable, names: readonly (readonly [string, string])[]): Writable =>
  Object.fromEntries(names.map(([shown, name]) => [shown, fields[name]]));

const exactObject = (fields: Writable, writable: Writable, restore: (text: string) => string): ExactObject => ({
  fields,
  write: (names) => restore(JSON.stringify(pick(writable, names))),
  writeSorted: (names) => restore(JSON.stringify(sorted(pick(writable, names)))),
});

/**
 * Reads an object from JSON text that is known to be valid.
 * @param parsed what the secure parser made of the text
 */
export function exactObjectOf(text: string, parsed: Writable): ExactObject {
  if (!riskyNumber.test(text)) return exactObject(parsed, parsed, (written) => written);
  // Each number that would lose digits travels as a text with a mark that no client can guess.
  const mark = `${randomUUID()}:`;
  const marked = text.replace(stringOrNumber, (token) =>
    token.startsWith('"') || String(Number(token)) === token ? token : `"${mark}${token}"`,
  );
  const writable = JSON.parse(marked) as Writable;
  return exactObject(parsed, writable, (written) => written.replace(new RegExp(`"${mark}([^"]+)"`, 'g'), '$1'));
}

/** True for the text of a number that JavaScript holds well enough: neither an integer beyond 2^53 nor a number beyond its greatest. */
const holds = (token: string): boolean => {
  const number = Number(token);
  return Number.isFinite(number) && (/[.eE]/.test(token) || Number.isSafeInteger(number));
};

/**
 * A JSON value for clients with JavaScript's numbers: those that these do not hold are texts of what was sent.
 * @param text that is known to be valid
 * @see API.md 1
 */
export function readWithDigits(text: string): unknown {
  if (!riskyNumber.test(text)) return JSON.parse(text);
  return JSON.parse(text.replace(stringOrNumber, (token) => (token.startsWith('"') || holds(token) ? token : `"${token}"`)));
}
