import { RequestInvalidError } from '../common/errors/request.errors.js';
import type { AnyOf } from '../common/http/any-of.js';

const valuesOf = (any: AnyOf | undefined): readonly string[] => [...(any?.wanted ?? []), ...(any?.refused ?? [])];

function refuse(pointer: string, message: string): never {
  throw new RequestInvalidError(message, [{ pointer, code: 'unknown', message }]);
}

/**
 * Refuses topics of which nothing is ever told, and types that belong to no topic.
 * @throws RequestInvalidError naming the known topics
 */
export function checkTopics({ topic, type }: { readonly topic?: AnyOf; readonly type?: AnyOf }, known: readonly string[]): void {
  const unknownTopic = valuesOf(topic).find((each) => !known.includes(each));
  if (unknownTopic !== undefined) refuse('?topic', `${unknownTopic} is not a topic; known: ${known.join(', ')}`);
  const unknownType = valuesOf(type).find((each) => !known.includes(each.split('.', 1)[0]!));
  if (unknownType !== undefined) refuse('?type', `${unknownType} is no type of a topic; known topics: ${known.join(', ')}`);
}
