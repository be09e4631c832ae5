import { createHash } from 'node:crypto';
import { CursorInvalidError } from '../errors/request.errors.js';

/** One part of a sort key. */
export type KeyPart = string | number | Date | null;

/** What a part of a sort key may be: `integer` is a whole number. */
export type KeyType = 'string' | 'integer' | 'date';

/** A place in a list: before or after the item with this key. */
export interface Place {
  readonly direction: 'after' | 'before';
  readonly key: readonly KeyPart[];
}

/** Fingerprint of what a cursor is bound to: route, filter and sort. */
export function bindingOf(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 12);
}

const encodePart = (part: KeyPart): unknown => (part instanceof Date ? { d: part.getTime() } : part);

const hasType: Record<KeyType, (part: KeyPart) => boolean> = {
  string: (part) => typeof part === 'string',
  integer: (part) => Number.isSafeInteger(part),
  date: (part) => part instanceof Date,
};

function decodePart(part: unknown): KeyPart {
  if (part === null || typeof part === 'string' || typeof part === 'number') return part;
  const time = (part as { d?: unknown }).d;
  if (typeof time === 'number' && Number.isFinite(time) && Math.abs(time) <= 8.64e15) return new Date(time);
  throw new CursorInvalidError();
}

/** The opaque text of a place in the list that `binding` names. */
export function encodeCursor(place: Place, binding: string): string {
  return Buffer.from(JSON.stringify([binding, place.direction === 'after' ? 1 : 0, ...place.key.map(encodePart)])).toString('base64url');
}

/**
 * The place that a cursor names.
 * @param keyTypes of the parts that the sort key has
 * @throws CursorInvalidError when it is damaged or was made for another list
 */
export function decodeCursor(cursor: string, binding: string, keyTypes: readonly KeyType[]): Place {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw new CursorInvalidError();
  }
  if (!Array.isArray(parts) || parts.length !== keyTypes.length + 2 || parts[0] !== binding) throw new CursorInvalidError();
  const key = parts.slice(2).map(decodePart);
  if (!keyTypes.every((type, index) => hasType[type](key[index]!))) throw new CursorInvalidError();
  return { direction: parts[1] === 1 ? 'after' : 'before', key };
}
