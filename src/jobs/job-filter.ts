import type { AnyOf } from '../common/http/any-of.js';
import { anyOf, between, type Condition } from '../database/conditions.js';
import type { ClockReading } from '../maintenance/index.js';
import { finalStatuses, type JobPhase, type JobStatus, unfinishedStatuses } from './jobs-lifecycle.js';
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

const not = (condition: Condition): Condition => ({ $nor: [condition] });

/** Running without a lease, and silent for longer than allowed, by the server's clock. `isStale` in job-mapper.ts says the same of a job that was read. */
function staleCondition(staleSeconds: number): Condition {
  const silent = { $lt: ['$updatedAt', { $subtract: ['$$NOW', staleSeconds * 1_000] }] };
  return { status: 'running', lease: null, $expr: silent };
}

/** The fields of a due time. */
export const dueLimit = { endsAt: 'dueAt', pausedMs: 'duePausedMs' } as const;

/**
 * The conditions of a filter by due time: whether a job is unfinished past it, by the clock that stands still under maintenance. `JobClock.overdueAmong` says
 * the same of jobs that were read.
 */
export function dueConditionsOf({ overdue }: JobFilter, clock: ClockReading): Condition[] {
  if (overdue === undefined) return [];
  const condition = { status: { $in: [...unfinishedStatuses] }, ...clock.overCondition(dueLimit) };
  return [overdue ? condition : not(condition)];
}

/** The first text above every text that begins with the prefix. */
const prefixRange = (prefix: string): Condition => ({ $gte: prefix, $lt: `${prefix}\u{10ffff}` });

/** The conditions of a filter on one collection, but for those by due time. @param staleSeconds the setting `JOBS_STALE_SECONDS` */
export function conditionsOf(filter: JobFilter, staleSeconds: number): Condition[] {
  const { target, stale, q, traceId, retryOf } = filter;
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
    ...between('createdAt', filter.createdAfter, filter.createdBefore),
    ...between('finishedAt', filter.finishedAfter, filter.finishedBefore),
    ...(q === undefined ? [] : [{ $or: [{ _id: prefixRange(q) }, { datasetName: prefixRange(q) }] }]),
  ];
}

/** Which of the two collections can hold jobs that the filter lets through. */
export function collectionsOf({ status, stale, overdue, finishedAfter, finishedBefore }: JobFilter): {
  inProgress: boolean;
  completed: boolean;
} {
  const passes = (candidate: JobStatus) =>
    !status || ((status.wanted.length === 0 || status.wanted.includes(candidate)) && !status.refused.includes(candidate));
  const unfinished = unfinishedStatuses.some(passes);
  return { inProgress: unfinished && !finishedAfter && !finishedBefore, completed: finalStatuses.some(passes) && !stale && !overdue };
}

/** Leaves out a status condition that every document of the collection fits, so that the plain index serves. */
export function withoutIdleStatus(filter: JobFilter, collection: 'inProgress' | 'completed'): JobFilter {
  const held: readonly JobStatus[] = collection === 'completed' ? finalStatuses : unfinishedStatuses;
  const { status, ...rest } = filter;
  if (!status) return filter;
  const all = held.every((each) => (status.wanted.length === 0 || status.wanted.includes(each)) && !status.refused.includes(each));
  return all ? rest : { ...rest, status: { wanted: status.wanted.filter((each) => held.includes(each)), refused: status.refused } };
}

/** Workers of the original know no `notBefore`: a job whose time is to come is kept from them. Null is before every date. */
export const timeHasCome = { $expr: { $lte: ['$notBefore', '$$NOW'] } };
