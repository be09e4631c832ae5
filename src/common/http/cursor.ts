import { createHash } from 'node:crypto';
import { CursorInvalidError } from '../errors/request.errors.js';

/** One part of a sort key. */
export type KeyPart = string | number | Date | null;

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
 * @param length number of parts that the sort key has
 * @throws CursorInvalidError when it is damaged or was made for another list
 */
export function decodeCursor(cursor: string, binding: string, length: number): Place {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw new CursorInvalidError();
  }
  if (!Array.isArray(parts) || parts.length !== length + 2 || parts[0] !== binding) throw new CursorInvalidError();
  return { direction: parts[1] === 1 ? 'after' : 'before', key: parts.slice(2).map(decodePart) };
}
