import type { AnyOf } from '../common/http/any-of.js';
import { anyOf, between, type Condition } from '../database/conditions.js';
import type { StoredEvent } from './events.schema.js';

/** Which events: names AND, values of one name OR. */
export interface EventFilter {
  readonly topic?: AnyOf;
  /** Without their `.v1`. */
  readonly type?: AnyOf;
  readonly subject?: AnyOf;
  readonly dataset?: AnyOf;
  /** Ids of those who made the changes. */
  readonly actor?: AnyOf;
  /** Not before this time. */
  readonly since?: Date;
  /** Before this time. */
  readonly until?: Date;
}

const named = ['topic', 'type', 'subject', 'dataset', 'actor'] as const;
type Named = (typeof named)[number];

const paths: Record<Named, string> = { topic: 'topic', type: 'type', subject: 'subject', dataset: 'dataset', actor: 'actor.id' };
const valueOf = (event: StoredEvent, name: Named): string | null => (name === 'actor' ? event.actor.id : event[name]);

/** The conditions of a filter on the stored events. */
export const conditionsOf = (filter: EventFilter): Condition[] => [
  ...named.flatMap((name) => anyOf(paths[name], filter[name])),
  ...between('at', filter.since, filter.until),
];

/** True when the conditions of the filter hold for the event; says the same of it as the database. */
export function passes(filter: EventFilter, event: StoredEvent): boolean {
  const { since, until } = filter;
  if ((since && event.at < since) || (until && event.at >= until)) return false;
  return named.every((name) => {
    const any = filter[name];
    if (!any) return true;
    const value = valueOf(event, name);
    return (any.wanted.length === 0 || any.wanted.includes(value as string)) && !any.refused.includes(value as string);
  });
}
