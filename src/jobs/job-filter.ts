import type { AnyOf } from '../common/http/any-of.js';
import { finalStatuses, isFinal, type JobPhase, type JobStatus } from './jobs-lifecycle.js';
import { manifestoName } from './jobs.schema.js';

/** What a list of jobs is narrowed to; names AND, values of one name OR. */
export interface JobFilter {
  readonly status?: AnyOf<JobStatus>;
  readonly phase?: AnyOf<JobPhase>;
  readonly operation?: AnyOf;
  readonly dataset?: AnyOf;
  /** Dataset of the job, or named in its manifesto. */
  readonly target?: string;
  readonly worker?: AnyOf;
  readonly createdBy?: AnyOf;
  readonly tag?: AnyOf;
  readonly errorCode?: AnyOf;
  readonly traceId?: string;
  readonly retryOf?: string;
  readonly stale?: boolean;
  readonly overdue?: boolean;
  readonly createdAfter?: Date;
  readonly createdBefore?: Date;
  readonly finishedAfter?: Date;
  readonly finishedBefore?: Date;
  /** Beginning of an id or of a dataset name. */
  readonly q?: string;
}

type Condition = Record<string, unknown>;

function anyOf(field: string, values: AnyOf | undefined): Condition[] {
  if (!values) return [];
  const { wanted, refused } = values;
  return [
    ...(wanted.length === 1 ? [{ [field]: wanted[0] }] : wanted.length > 1 ? [{ [field]: { $in: [...wanted] } }] : []),
    ...(refused.length > 0 ? [{ [field]: { $nin: [...refused] } }] : []),
  ];
}

function between(field: string, after: Date | undefined, before: Date | undefined): Condition[] {
  const range = { ...(after && { $gte: after }), ...(before && { $lt: before }) };
  return after || before ? [{ [field]: range }] : [];
}

const not = (condition: Condition): Condition => ({ $nor: [condition] });

/** Running without a lease, and silent for longer than allowed, by the server's clock. */
function staleCondition(staleSeconds: number): Condition {
  const silent = { $lt: ['$updatedAt', { $subtract: ['$$NOW', staleSeconds * 1_000] }] };
  return { status: 'running', lease: null, $expr: silent };
}

/** Unfinished and past its due time, by the server's clock. */
const overdueCondition: Condition = {
  status: { $in: ['queued', 'running'] },
  dueAt: { $type: 'date' },
  $expr: { $lt: ['$dueAt', '$$NOW'] },
};

/** The first text above every text that begins with the prefix. */
const prefixRange = (prefix: string): Condition => ({ $gte: prefix, $lt: `${prefix}\u{10ffff}` });

/** The conditions of a filter on one collection. @param staleSeconds the setting `JOBS_STALE_SECONDS` */
export function conditionsOf(filter: JobFilter, staleSeconds: number): Condition[] {
  const { target, stale, overdue, q, traceId, retryOf } = filter;
  return [
    ...anyOf('status', filter.status),
    ...anyOf('phase', filter.phase),
    ...anyOf('operation', filter.operation),
    ...anyOf('datasetName', filter.dataset),
    ...anyOf('attempts.workerId', filter.worker),
    ...anyOf('createdBy.id', filter.createdBy),
    ...anyOf('tags', filter.tag),
    ...anyOf('error.code', filter.errorCode),
    ...(target === undefined ? [] : [{ $or: [{ datasetName: target }, { [manifestoName]: target }] }]),
    ...(traceId === undefined ? [] : [{ traceId }]),
    ...(retryOf === undefined ? [] : [{ retryOf }]),
    ...(stale === undefined ? [] : [stale ? staleCondition(staleSeconds) : not(staleCondition(staleSeconds))]),
    ...(overdue === undefined ? [] : [overdue ? overdueCondition : not(overdueCondition)]),
    ...between('createdAt', filter.createdAfter, filter.createdBefore),
    ...between('finishedAt', filter.finishedAfter, filter.finishedBefore),
    ...(q === undefined ? [] : [{ $or: [{ _id: prefixRange(q) }, { datasetName: prefixRange(q) }] }]),
  ];
}

/** Which of the two collections can hold jobs that the filter lets through. */
export function collectionsOf({ status, finishedAfter, finishedBefore }: JobFilter): { inProgress: boolean; completed: boolean } {
  const passes = (candidate: JobStatus) =>
    !status || ((status.wanted.length === 0 || status.wanted.includes(candidate)) && !status.refused.includes(candidate));
  const unfinished = (['queued', 'running'] as const).some(passes);
  return { inProgress: unfinished && !finishedAfter && !finishedBefore, completed: finalStatuses.some(passes) };
}

/** Leaves out a status condition that every document of the collection fits, so that the plain index serves. */
export function withoutIdleStatus(filter: JobFilter, collection: 'inProgress' | 'completed'): JobFilter {
  const held = (['queued', 'running', 'completed', 'failed', 'cancelled'] as const).filter(
    (status) => isFinal(status) === (collection === 'completed'),
  );
  const { status, ...rest } = filter;
  if (!status) return filter;
  const all = held.every((each) => (status.wanted.length === 0 || status.wanted.includes(each)) && !status.refused.includes(each));
  return all
    ? rest
    : { ...rest, status: { wanted: status.wanted.filter((each) => held.includes(each as never)), refused: status.refused } };
}

/** Workers of the original know no `notBefore`: a job whose time is to come is kept from them. Null is before every date. */
export const timeHasCome = { $expr: { $lte: ['$notBefore', '$$NOW'] } };
