import { randomUUID } from 'node:crypto';

/** Numbers that may not come back from JavaScript as they were written: more than 15 digits, or an exponent. */
const riskyNumber = /\d(?:\.?\d){15}|\d[eE][+-]?\d/;
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

/** A JSON value that can be written again with the digits of its numbers as they were sent. */
export interface ExactValue {
  /** With JavaScript's numbers. */
  readonly value: unknown;
  write(): string;
  /** As `write`, with the keys of every object in order. */
  writeSorted(): string;
}

type Writable = Readonly<Record<string, unknown>>;
const pick = (fields: Writable, names: readonly (readonly [string, string])[]): Writable =>
  Object.fromEntries(names.map(([shown, name]) => [shown, fields[name]]));

const exactObject = (fields: Writable, writable: Writable, restore: (text: string) => string): ExactObject => ({
  fields,
  write: (names) => restore(JSON.stringify(pick(writable, names))),
  writeSorted: (names) => restore(JSON.stringify(sorted(pick(writable, names)))),
});

const exactValue = (value: unknown, writable: unknown, restore: (text: string) => string): ExactValue => ({
  value,
  write: () => restore(JSON.stringify(writable)),
  writeSorted: () => restore(JSON.stringify(sorted(writable))),
});

/**
 * Reads an object from JSON text that is known to be valid.
 * @param parsed what the secure parser made of the text
 */
export function exactObjectOf(text: string, parsed: Writable): ExactObject {
  const { writable, restore } = markedOf(text, parsed);
  return exactObject(parsed, writable, restore);
}

/** As `exactObjectOf`, of any value. */
export function exactValueOf(text: string, parsed: unknown): ExactValue {
  const { writable, restore } = markedOf(text, parsed);
  return exactValue(parsed, writable, restore);
}

/** As `exactObjectOf`, of each item of an array. */
export function exactItemsOf(text: string, parsed: readonly unknown[]): ExactValue[] {
  const { writable, restore } = markedOf(text, parsed);
  return parsed.map((value, index) => exactValue(value, writable[index], restore));
}

/** What is written instead of a value, and what makes the sent digits of what was written. */
function markedOf<T>(text: string, parsed: T): { readonly writable: T; readonly restore: (text: string) => string } {
  if (!riskyNumber.test(text)) return { writable: parsed, restore: (written) => written };
  // Each number that would lose digits travels as a text with a mark that no client can guess. Which ones does not depend on what stands around them.
  const mark = `${randomUUID()}:`;
  const marked = text.replace(stringOrNumber, (token) =>
    token.startsWith('"') || !riskyNumber.test(token) || String(Number(token)) === token ? token : `"${mark}${token}"`,
  );
  const marks = new RegExp(`"${mark}([^"]+)"`, 'g');
  const withoutByteOrderMark = marked.replace(/^\uFEFF/, ''); // as the secure parser reads it
  return { writable: JSON.parse(withoutByteOrderMark) as T, restore: (written) => written.replace(marks, '$1') };
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
