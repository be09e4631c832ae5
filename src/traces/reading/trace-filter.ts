import type { AnyOf } from '../../common/http/any-of.js';
import { anyOf, between, type Condition } from '../../database/conditions.js';
import type { TraceState } from '../summary/trace-fold.js';

/** What a list of traces is narrowed to; names AND, values of one name OR. */
export interface TraceFilter {
  readonly dataset?: AnyOf;
  readonly component?: AnyOf;
  readonly state?: AnyOf<TraceState>;
  /** Path of the creating event. */
  readonly s3Path?: string;
  readonly startedAfter?: Date;
  readonly startedBefore?: Date;
  readonly createdAfter?: Date;
  readonly createdBefore?: Date;
  /** Beginning of an id, of a dataset name, or of the path of the creating event. */
  readonly q?: string;
}

/** Texts that begin with the prefix. */
const prefixRange = (prefix: string): Condition => ({ $gte: prefix, $lt: `${prefix}\u{10ffff}` });

/** The conditions of a filter. */
export function conditionsOf(filter: TraceFilter): Condition[] {
  const { s3Path, q } = filter;
  return [
    ...anyOf('datasetName', filter.dataset),
    ...anyOf('fold.components.names', filter.component),
    ...anyOf('state', filter.state),
    ...(s3Path === undefined ? [] : [{ s3Path }]),
    ...between('fold.startedAt', filter.startedAfter, filter.startedBefore),
    ...between('createdAt', filter.createdAfter, filter.createdBefore),
    ...(q === undefined ? [] : [{ $or: ['traceId', 'datasetName', 's3Path'].map((field) => ({ [field]: prefixRange(q) })) }]),
  ];
}
