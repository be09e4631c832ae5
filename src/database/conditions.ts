import type { AnyOf } from '../common/http/any-of.js';

/** A condition of a query, as MongoDB takes it. */
export type Condition = Record<string, unknown>;

/** The conditions that let a field through by what is wanted and what is refused of it; none where nothing was said. */
export function anyOf(field: string, values: AnyOf | undefined): Condition[] {
  if (!values) return [];
  const { wanted, refused } = values;
  return [
    ...(wanted.length === 1 ? [{ [field]: wanted[0] }] : wanted.length > 1 ? [{ [field]: { $in: [...wanted] } }] : []),
    ...(refused.length > 0 ? [{ [field]: { $nin: [...refused] } }] : []),
  ];
}

/** The condition of a time from `after`, inclusive, to `before`, exclusive; none without both. */
export function between(field: string, after: Date | undefined, before: Date | undefined): Condition[] {
  const range = { ...(after && { $gte: after }), ...(before && { $lt: before }) };
  return after || before ? [{ [field]: range }] : [];
}
