import { Transform } from 'class-transformer';
import { IsPlainObject } from './dto-rules.js';

/** Names that are taken out of a request before it becomes a DTO, since there they would stand for something else. `__proto__` never comes here: the parser refuses it. */
const reserved = ['constructor', 'prototype'] as const;
/** What was taken out of an object. */
const takenOut = new WeakMap<object, Record<string, unknown>>();

function forEachObject(value: unknown, act: (object: Record<string, unknown>) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) act(value as Record<string, unknown>);
  for (const each of Object.values(value)) forEachObject(each, act);
}

/** Takes the reserved names out of a parsed body, and remembers them for the free objects in it. */
export function takeOutReserved(value: unknown): void {
  forEachObject(value, (object) => {
    const names = reserved.filter((name) => Object.hasOwn(object, name));
    if (names.length === 0) return;
    takenOut.set(object, Object.fromEntries(names.map((name) => [name, object[name]])));
    for (const name of names) delete object[name];
  });
}

function asSent(value: unknown): unknown {
  forEachObject(value, (object) => Object.assign(object, takenOut.get(object)));
  return value;
}

/**
 * A plain JSON object that belongs to the caller: it is taken with all of its names, as it was sent. The transformation to a DTO would drop those that every object
 * has by nature, such as `constructor` and `toString`.
 */
export const IsFreeObject = (): PropertyDecorator => (target, property) => {
  Transform(({ obj, key }) => asSent((obj as Record<string, unknown>)[key]))(target, property);
  IsPlainObject()(target, property);
};
