import type { Caller } from '../../common/caller.js';
import { type Change, type Expression, expression, now, operand, serverTime } from '../../database/change.js';
import { attemptsWithEnd, attemptsWithPhase, attemptsWithStart } from '../job-attempts.js';
import { rankAt } from '../job-changes.js';
import { appendLines, appendLinesBehind } from '../job-log.js';
import type { JobPhase } from '../jobs-lifecycle.js';
import type { JobError } from '../jobs.schema.js';
import { leaseMarkOf } from './lease-token.js';

/** What a claim gives to a job. */
export interface NewLease {
  readonly workerId: string;
  readonly token: string;
  readonly seconds: number;
  /** Bound to the claimer; null without. */
  readonly claimId: string | null;
  /** Milliseconds under maintenance until the claim; a pause that began and ended within the last second may be missing, to the worker's advantage. */
  readonly pausedMs: Expression;
}

/** What a heartbeat brings; undefined leaves a value as it is. */
export interface Heartbeat {
  readonly phase?: JobPhase | undefined;
  readonly percent?: number | null | undefined;
  /** JSON text. */
  readonly checkpoint?: string | undefined;
  /** Uncut lines. */
  readonly log: readonly string[];
  /** Lines that this attempt sent before; undefined: all that it sent so far. */
  readonly logOffset?: number | undefined;
}

/** The least progress, in percent, that is worth an event. */
const toldProgress = 5;
const maxBackoffMs = 15 * 60_000;

const afterSeconds = (seconds: unknown): object => ({ $add: [now, { $multiply: [seconds, 1_000] }] });

/** A queued job becomes leased: attempt + 1, a new token, no phase. */
export function claimChange(lease: NewLease, caller: Caller): Change {
  const { workerId, token, seconds, claimId, pausedMs } = lease;
  const budgetEndsAt = { $cond: [{ $gt: ['$runBudgetSeconds', null] }, afterSeconds('$runBudgetSeconds'), null] };
  return {
    type: 'job.claimed',
    to: 'running',
    set: {
      status: 'running',
      phase: null,
      percent: null,
      attempt: expression({ $add: ['$attempt', 1] }),
      attempts: expression(attemptsWithStart({ workerId, leaseMark: leaseMarkOf(token) })),
      startedAt: expression({ $ifNull: ['$startedAt', now] }),
      lease: expression({
        workerId: operand(workerId),
        claimedAt: now,
        heartbeatAt: now,
        expiresAt: afterSeconds(seconds),
        token: operand(token),
        seconds: operand(seconds),
        claimId: operand(claimId),
        logLines: operand(0),
        percentTold: operand(0),
        budgetEndsAt,
        pausedMs: pausedMs.json,
        excused: operand(false),
      }),
      updatedAt: serverTime,
    },
    changes: { worker: [null, workerId] },
    caller,
  };
}

const worker = expression('$lease.workerId');

/** A claim is taken back before anybody learnt of it: the attempt never was. */
export function unclaimChange(reason: string | null, caller: Caller): Change {
  return {
    type: 'job.released',
    to: 'queued',
    set: {
      status: 'queued',
      attempt: expression({ $subtract: ['$attempt', 1] }),
      attempts: expression({ $filter: { input: '$attempts', as: 'each', cond: { $ne: ['$$each.attempt', '$attempt'] } } }),
      startedAt: expression({ $cond: [{ $eq: ['$attempt', 1] }, null, '$startedAt'] }),
      lease: null,
      updatedAt: serverTime,
    },
    changes: { worker: [worker, null] },
    caller,
    reason,
  };
}

/** The lines of a heartbeat that are not stored yet: `logOffset` says how many its attempt sent before, the lease how many arrived. */
function newLines({ log, logOffset }: Heartbeat): { set: Record<string, unknown>; arrived: unknown } {
  if (log.length === 0) return { set: {}, arrived: '$lease.logLines' };
  const from = logOffset === undefined ? '$lease.logLines' : operand(logOffset);
  const skipped = { $max: [0, { $subtract: ['$lease.logLines', from] }] };
  const set = { ...appendLinesBehind(log, expression(skipped)) };
  return { set, arrived: { $max: ['$lease.logLines', { $add: [from, log.length] }] } };
}

/** The lease moves on. Only a new phase, or 5 % of progress since the last event, is a change. */
export function heartbeatChange(beat: Heartbeat, caller: Caller): Change {
  const lines = newLines(beat);
  const phase = beat.phase === undefined ? expression('$phase') : beat.phase;
  const percent = beat.percent === undefined ? expression('$percent') : beat.percent;
  const newPhase = { $ne: ['$phase', operand(phase)] };
  const stepped = {
    $gte: [{ $abs: { $subtract: [{ $ifNull: [operand(percent), '$lease.percentTold'] }, '$lease.percentTold'] } }, toldProgress],
  };
  const told = { $or: [newPhase, stepped] };
  const percentTold = { $cond: [told, { $ifNull: [operand(percent), 0] }, '$lease.percentTold'] };
  const lease = {
    heartbeatAt: now,
    expiresAt: afterSeconds('$lease.seconds'),
    logLines: lines.arrived,
    percentTold,
    excused: operand(false),
  };
  return {
    type: expression({ $cond: [newPhase, operand('job.phase'), operand('job.progress')] }),
    to: 'running',
    set: {
      phase,
      percent,
      ...(beat.phase === undefined ? {} : { attempts: expression(attemptsWithPhase(beat.phase)) }),
      ...(beat.checkpoint === undefined ? {} : { checkpoint: beat.checkpoint }),
      ...lines.set,
      lease: expression({ $mergeObjects: ['$lease', lease] }),
      updatedAt: expression({ $cond: [told, now, '$updatedAt'] }),
    },
    recorded: ['phase', 'percent'],
    caller,
    onlyIf: expression(told),
  };
}

const unleased = { status: 'queued', phase: null, percent: null, lease: null, updatedAt: serverTime } as const;
const recorded = ['phase', 'percent'] as const;

/** The turn of a job that waits until then. */
const waitingUntil = (notBefore: object): Record<string, Expression> => ({ notBefore: expression(notBefore), rank: rankAt(notBefore) });

/** A failed attempt after which the job waits for its next one. */
export interface Retry {
  readonly error: JobError;
  /** The worker's wish; null: backoff. */
  readonly afterSeconds: number | null;
  readonly backoffSeconds: number;
  /** From half to one and a half. */
  readonly jitter: number;
  /** Null for a failure that the worker did not report. */
  readonly closingCall: string | null;
}

/** Growing pauses: doubled with each failure, moved by the jitter, and only then capped. */
const backoffMs = ({ backoffSeconds, jitter }: Retry): object => ({
  $min: [maxBackoffMs, { $round: { $multiply: [backoffSeconds * 1_000 * jitter, { $pow: [2, '$failures'] }] } }],
});

/** The attempt failed, and there is another one later. */
export function retryChange(retry: Retry, caller: Caller): Change {
  const { error, afterSeconds: wish, closingCall } = retry;
  const notBefore = { $add: [now, wish === null ? backoffMs(retry) : wish * 1_000] };
  return {
    type: 'job.retrying',
    to: 'queued',
    set: {
      ...unleased,
      ...waitingUntil(notBefore),
      failures: expression({ $add: ['$failures', 1] }),
      error,
      attempts: expression(attemptsWithEnd('failed', error)),
      closingCall: closingCall ?? expression('$closingCall'),
      ...appendLines([`Attempt failed with ${error.code}: ${error.message}`]),
    },
    recorded: [...recorded, 'failures', 'notBefore'],
    changes: { worker: [worker, null], error: [null, error.code] },
    caller,
    reason: error.message,
  };
}

/** The worker wants to go on later; no failure. */
export function snoozeChange({ seconds, reason }: { seconds: number; reason: string | null }, caller: Caller): Change {
  const attempts = expression(attemptsWithEnd('snoozed'));
  return {
    type: 'job.snoozed',
    to: 'queued',
    set: { ...unleased, ...waitingUntil(afterSeconds(operand(seconds))), snoozes: expression({ $add: ['$snoozes', 1] }), attempts },
    recorded: [...recorded, 'notBefore'],
    changes: { worker: [worker, null] },
    caller,
    reason,
  };
}

/** The job is given back as it is; no failure. */
export function releaseChange(reason: string | null, caller: Caller): Change {
  return {
    type: 'job.released',
    to: 'queued',
    set: { ...unleased, attempts: expression(attemptsWithEnd('released')) },
    recorded,
    changes: { worker: [worker, null] },
    caller,
    reason,
  };
}

/** The lease ended without a word: the attempt is lost, and counts as that unless it is excused. */
export function lossChange(caller: Caller): Change {
  const reason = 'The lease ended without a sign of life of its worker.';
  return {
    type: 'job.lost',
    to: 'queued',
    set: {
      ...unleased,
      losses: expression({ $cond: ['$lease.excused', '$losses', { $add: ['$losses', 1] }] }),
      attempts: expression(attemptsWithEnd('lost')),
      ...appendLines([reason]),
    },
    recorded: [...recorded, 'losses'],
    changes: { worker: [worker, null] },
    caller,
    reason,
  };
}

/** One lease period more for an ended lease, whose loss will not count. No change: only the lease moves. */
export function excuseChange(caller: Caller): Change {
  const lease = { expiresAt: afterSeconds('$lease.seconds'), excused: operand(true) };
  return {
    type: 'job.excused',
    to: 'running',
    set: { lease: expression({ $mergeObjects: ['$lease', lease] }) },
    caller,
    onlyIf: expression(false),
  };
}
