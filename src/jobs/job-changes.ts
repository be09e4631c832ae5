import type { Caller } from '../common/caller.js';
import { type Change, type Expression, expression, type Insertion, now, operand, serverTime } from '../database/change.js';
import { attemptsAtEnd, attemptsWithEnd, attemptsWithPhase, attemptsWithStart } from './job-attempts.js';
import { appendLines } from './job-log.js';
import {
  type CompatStatus,
  type FinalStatus,
  type JobParameters,
  type JobPhase,
  type Priority,
  priorityDelayMs,
  reportedState,
} from './jobs-lifecycle.js';
import type { AttemptOutcome, JobCreator, JobDocument, JobError } from './jobs.schema.js';

/** What a worker of the original reports; at least one of the three is there. */
export interface StatusReport {
  readonly status?: CompatStatus;
  readonly description?: string;
  readonly log?: string;
}

/** A job that is asked for. */
export interface NewJob {
  readonly datasetName: string;
  readonly operation: string;
  readonly parameters: JobParameters;
  readonly extraParameters: string | null;
  readonly priority: Priority;
  readonly notBefore: Date | null;
  readonly dueAt: Date | null;
  /** Milliseconds under maintenance before the due time was set. */
  readonly duePausedMs: number;
  readonly tags: readonly string[];
  readonly maxFailures: number;
  readonly maxLosses: number;
  readonly runBudgetSeconds: number | null;
  readonly traceId: string | null;
  /** The finished job that this one runs again; null for a job of its own. */
  readonly retryOf: string | null;
  readonly createdBy: JobCreator;
  /** Why it is asked for, for the history; null where nobody said. */
  readonly reason: string | null;
}

/** What a job has that its creator did not say. */
export type JobDefaults = Omit<NewJob, 'datasetName' | 'operation' | 'parameters' | 'extraParameters' | 'createdBy'>;

/** What an operator may edit; undefined leaves a field as it is. */
export interface JobEdit {
  readonly priority?: Priority;
  readonly notBefore?: Date | null;
  readonly dueAt?: Date | null;
  /** Milliseconds under maintenance before now; with a due time. */
  readonly duePausedMs?: number;
  readonly tags?: readonly string[];
}

/** How a job ends. */
export interface JobEnd {
  readonly status: FinalStatus;
  readonly attemptOutcome: AttemptOutcome;
  readonly error: JobError | null;
  /** Uncut lines for the log. */
  readonly lines: readonly string[];
  /** Replaces the job's description. */
  readonly description?: string;
  readonly reason: string | null;
  /** What the end leaves in the job beside that. */
  readonly kept?: Partial<Pick<JobDocument, 'result' | 'inputs' | 'outputs' | 'closingCall' | 'failures' | 'losses'>>;
}

const historyTextLength = 500;

/** A text as history keeps it, so that many large ones cannot outgrow a document. */
const cutForHistory = (value: string | undefined): string | null =>
  value === undefined ? null : value.slice(0, historyTextLength).toWellFormed();

/** The log lines that the original writes for a report, in its order. @see contracts/jobs.md 4.4 */
export function reportLines({ status, description, log }: StatusReport): string[] {
  return [
    ...(description === undefined ? [] : ['Added update description']),
    ...(status === undefined ? [] : [`Set status: ${status}`]),
    ...(log === undefined ? [] : [log]),
  ];
}

const isQueued = { $eq: ['$status', 'queued'] };
const isRunning = { $eq: ['$status', 'running'] };
const choose = (condition: object, then: unknown, otherwise: unknown): Expression => expression({ $cond: [condition, then, otherwise] });

/** Fields that a report of a running word sets: from queued it starts an attempt. */
function runningFields(phase: JobPhase | null): Record<string, unknown> {
  return {
    attempt: choose(isQueued, { $add: ['$attempt', 1] }, '$attempt'),
    attempts: choose(isQueued, attemptsWithStart({ workerId: null, leaseMark: null }, phase), attemptsWithPhase(phase)),
    startedAt: choose(isQueued, { $ifNull: ['$startedAt', now] }, '$startedAt'),
  };
}

/** Fields that a report of `queued` sets: from running it loses the attempt. */
function requeuedFields(): Record<string, unknown> {
  return {
    losses: choose(isRunning, { $add: ['$losses', 1] }, '$losses'),
    compatRequeues: choose(isRunning, { $add: ['$compatRequeues', 1] }, '$compatRequeues'),
    attempts: choose(isRunning, attemptsWithEnd('lost'), '$attempts'),
    percent: null,
  };
}

interface StateChange {
  readonly type: Expression | string;
  readonly to: Expression | string;
  readonly set: Record<string, unknown>;
  readonly happens: Expression;
}

function stateChangeOf(word: CompatStatus): StateChange {
  const { status, phase } = reportedState(word);
  const running = status === 'running';
  return {
    type: running ? choose(isQueued, 'job.claimed', 'job.phase') : 'job.lost',
    to: status,
    set: { status, phase, ...(running ? runningFields(phase) : requeuedFields()) },
    happens: expression({ $or: [{ $ne: ['$status', operand(status)] }, { $ne: ['$phase', operand(phase)] }] }),
  };
}

const noStateChange: StateChange = { type: 'job.edited', to: expression('$status'), set: {}, happens: expression(false) };

/**
 * The change that a report of an unfinished status makes: state, description and log lines together. Reporting the state that the job is in already,
 * or log lines alone, only adds to the log: that is no change and makes no event.
 */
export function reportChange(report: StatusReport, caller: Caller): Change {
  const state = report.status === undefined ? noStateChange : stateChangeOf(report.status);
  const described = report.description !== undefined;
  return {
    type: described ? choose(state.happens.json as object, operand(state.type), 'job.edited') : state.type,
    to: state.to,
    set: {
      ...state.set,
      ...(described ? { 'parameters.description': report.description } : {}),
      ...appendLines(reportLines(report)),
      updatedAt: serverTime,
    },
    recorded: report.status === undefined ? [] : ['phase'],
    changes: described ? { description: [descriptionBefore, cutForHistory(report.description)] } : {},
    caller,
    ...(described ? {} : { onlyIf: state.happens }),
  };
}

const descriptionBefore = expression({
  $cond: [
    { $eq: [{ $type: '$parameters.description' }, 'string'] },
    { $substrCP: ['$parameters.description', 0, historyTextLength] },
    null,
  ],
});

/** When it is the turn of a job whose time is `turn`, an aggregation expression: moved by its priority. */
export const rankAt = (turn: unknown, delay: unknown = { $switch: { branches: storedDelays, default: 0 } }): Expression =>
  expression({ $add: [turn, delay] });

/** The change that an operator's edit makes; an edit that alters nothing is no change. */
export function editChange({ duePausedMs, ...edit }: JobEdit, caller: Caller): Change {
  const fields = Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined));
  const differs = Object.entries(fields).map(([field, value]) => ({ $ne: [`$${field}`, operand(value)] }));
  const turn = { $ifNull: [edit.notBefore === undefined ? '$notBefore' : operand(edit.notBefore), '$createdAt'] };
  const rank = rankAt(turn, edit.priority && operand(priorityDelayMs[edit.priority]));
  const newDueTime = { $ne: ['$dueAt', operand(edit.dueAt)] };
  const anchor = duePausedMs === undefined ? {} : { duePausedMs: choose(newDueTime, operand(duePausedMs), '$duePausedMs') };
  return {
    type: 'job.edited',
    to: expression('$status'),
    set: { ...fields, ...anchor, rank, updatedAt: choose({ $or: differs }, now, '$updatedAt') },
    recorded: Object.keys(fields),
    caller,
    onlyIf: expression({ $or: differs }),
  };
}

const storedDelays = Object.entries(priorityDelayMs).map(([priority, delay]) => ({
  case: { $eq: ['$priority', priority] },
  then: operand(delay),
}));

/** The change that notes somebody's wish to cancel a running job; a first wish stays. */
export function cancelRequestChange(reason: string, caller: Caller): Change {
  const wish = expression({ at: now, by: operand(caller.actor.name), reason: operand(reason) });
  const first = expression({ $eq: [{ $ifNull: ['$cancelRequested', null] }, null] });
  return {
    type: 'job.cancel-requested',
    to: expression('$status'),
    set: { cancelRequested: choose(first.json as object, wish.json, '$cancelRequested'), updatedAt: serverTime },
    caller,
    reason,
    onlyIf: first,
  };
}

/**
 * A new job as it is inserted.
 * @param after the new job's `createdAt` is later than this, so that jobs of one request keep their order
 */
export function insertionOf(id: string, { reason, ...job }: NewJob, { caller, after }: { caller: Caller; after: Date | null }): Insertion {
  const createdAt = after ? { $max: ['$$NOW', { $add: [operand(after), 1] }] } : '$$NOW';
  const turn = job.notBefore ? operand(job.notBefore) : createdAt;
  return {
    document: {
      _id: id,
      ...job,
      status: 'queued',
      phase: null,
      percent: null,
      rank: expression({ $add: [turn, priorityDelayMs[job.priority]] }),
      attempt: 0,
      failures: 0,
      losses: 0,
      snoozes: 0,
      lease: null,
      cancelRequested: null,
      error: null,
      checkpoint: null,
      result: null,
      inputs: null,
      outputs: null,
      closingCall: null,
      compatRequeues: 0,
      overdueTold: null,
      staleTold: null,
      attempts: [],
      createdAt: expression(createdAt),
      updatedAt: expression(createdAt),
      startedAt: null,
      finishedAt: null,
      log: [],
      logBytes: 0,
    },
    type: 'job.created',
    to: 'queued',
    caller,
    reason,
  };
}

/** The job as it goes into `completed`, after it was taken out of `inprogress`. */
export function endOf(job: JobDocument, end: JobEnd, { caller, endId }: { caller: Caller; endId: string }): Insertion {
  const { version, outbox, ...fields } = job;
  const log = appendLines(end.lines, { log: expression(operand(job.log)), logBytes: expression(operand(job.logBytes)) });
  const described = end.description !== undefined;
  return {
    document: {
      ...fields,
      parameters: described ? { ...job.parameters, description: end.description } : job.parameters,
      status: end.status,
      phase: null,
      percent: end.status === 'completed' ? 100 : job.percent,
      lease: null,
      error: end.error,
      attempts: attemptsAtEnd(job, end.attemptOutcome, end.error),
      ...end.kept,
      updatedAt: serverTime,
      finishedAt: serverTime,
      endId,
      ...log,
    },
    type: `job.${end.status}`,
    to: end.status,
    from: job.status,
    changes: {
      ...(job.phase ? { phase: [job.phase, null] } : {}),
      ...(described ? { description: [cutForHistory(job.parameters.description), cutForHistory(end.description)] } : {}),
    },
    caller,
    reason: end.reason,
    movedFrom: { version, outbox },
  };
}
