import type { JobView } from '../job-views.js';

/** What the sentences are made of, beside the job itself. */
export interface Surroundings {
  /** Why claims are refused now, and the workers whose are not; null while none are. */
  readonly pause: { readonly reason: string | null; readonly workers: readonly string[] } | null;
  /** Queued jobs of the same operation whose turn is before. */
  readonly jobsBefore: number;
  /** Workers that can run the operation, by state, and whether old workers ask for it. */
  readonly workers: { readonly alive: number; readonly draining: number; readonly lost: number; readonly compat: boolean };
  readonly staleSeconds: number;
  /** Past its due time, time under maintenance not counted. */
  readonly overdue: boolean;
  /** When a running job will probably end; null where nobody can tell. */
  readonly expectedEndAt: Date | null;
}

/** Who wanted that a job ends, and why, as far as that is known. */
export interface Cancellation {
  readonly by: string;
  readonly reason: string | null;
}

/** What a sentence about a job's state needs of it. */
export type Stated = Pick<JobView, 'status' | 'phase' | 'percent' | 'lease' | 'createdAt'>;

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
const at = (instant: Date | null): string => instant?.toISOString() ?? 'an unknown time';

const units: readonly (readonly [number, string])[] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
];

/** Seconds in the largest unit that there is more than one of. */
function spanOf(seconds: number): string {
  const [size, unit] = units.find(([each]) => seconds >= 2 * each) ?? [1, 'second'];
  return plural(Math.floor(seconds / size), unit);
}

/** Says what a job does, as the end of a sentence: `is running, partitioning at 62 %, on imp-3`. */
export function stateClause({ status, phase, percent, lease, createdAt }: Stated): string {
  if (status === 'queued') return `is queued since ${at(createdAt)}`;
  if (status !== 'running') return `is ${status}`;
  const progress = percent === null ? '' : ` at ${percent} %`;
  const place = lease ? `, on ${lease.workerId}` : ', by a worker of the old routes';
  return `is running${phase || progress ? ',' : ''}${phase ? ` ${phase}` : ''}${progress}${place}`;
}

/**
 * Why a job is where it is, in one to five sentences, by the database's clock: what it does, what it waits for, and what is wrong with it.
 * @param cancellation who wanted its end; where that is not known from elsewhere, who asked its worker for it
 * @see API.md 2
 */
export function explain(job: JobView, surroundings: Surroundings, cancellation: Cancellation | null = job.cancelRequested): string[] {
  const first = `${job.operation} of ${job.datasetName} ${stateClause(job)}.`;
  if (job.status === 'queued') return [first, ...waiting(job, surroundings), ...late(job, surroundings)];
  if (job.status === 'running') return [first, ...running(job, surroundings), ...late(job, surroundings)];
  return ended(job, cancellation);
}

const late = ({ dueAt }: JobView, { overdue }: Surroundings): string[] => (overdue ? [`It was due at ${at(dueAt)} and is overdue.`] : []);

function waiting(job: JobView, { pause, jobsBefore, workers }: Surroundings): string[] {
  if (job.notBefore && job.notBefore > job.serverNow) return [...untilLater(job), ...paused(pause)];
  if (pause) return paused(pause);
  return [...turn(job, jobsBefore), ...whoCouldRun(job.operation, workers)];
}

function untilLater({ notBefore, failures, maxFailures, error, attempts }: JobView): string[] {
  const last = attempts.at(-1)?.outcome;
  if (last === 'failed' && error) {
    return [
      `It waits until ${at(notBefore)} for its next attempt, after failure ${failures} of ${maxFailures}: ${error.code}, ${error.message}`,
    ];
  }
  return [`It waits until ${at(notBefore)}, as ${last === 'snoozed' ? 'its worker' : 'somebody'} asked for.`];
}

function paused(pause: Surroundings['pause']): string[] {
  if (!pause) return [];
  const { reason, workers } = pause;
  const able = `the worker${workers.length === 1 ? '' : 's'} ${workers.join(', ')}`;
  const what = workers.length === 0 ? 'Nothing is handed out during maintenance' : `During maintenance only ${able} may take it`;
  return [reason === null ? `${what}.` : `${what}: ${reason}`];
}

function turn({ losses, maxLosses }: JobView, before: number): string[] {
  const place = before === 0 ? 'It is the next of its operation.' : `It waits for its turn behind ${plural(before, 'job')}.`;
  return [losses > 0 ? `${place} Its worker was lost ${losses} of ${maxLosses} allowed times.` : place];
}

function whoCouldRun(operation: string, { alive, draining, lost, compat }: Surroundings['workers']): string[] {
  if (alive > 0 || compat) return [];
  if (draining > 0)
    return [`No worker can run ${operation}: ${plural(draining, 'worker')} could, but ${draining === 1 ? 'is' : 'are'} draining.`];
  if (lost > 0)
    return [`No worker can run ${operation}: ${lost === 1 ? 'the only one that could is' : `the ${lost} that could are`} lost.`];
  return [`No worker can run ${operation}: none has asked for it.`];
}

function running(job: JobView, { staleSeconds, expectedEndAt }: Surroundings): string[] {
  const { cancelRequested: cancel } = job;
  const wish = cancel
    ? [`${cancel.by} asked at ${at(cancel.at)} for its cancellation (${cancel.reason}); its worker is told with its next word.`]
    : [];
  const holder = job.lease ? underLease(job.lease, job.serverNow) : withoutLease(job, staleSeconds);
  return [...holder, ...expected(expectedEndAt, job.serverNow), ...wish];
}

function expected(end: Date | null, now: Date): string[] {
  if (end === null) return [];
  return [end > now ? `By past runs it will end at about ${at(end)}.` : 'It takes longer than past runs usually did.'];
}

function underLease({ expiresAt, heartbeatAt, excused }: NonNullable<JobView['lease']>, now: Date): string[] {
  if (expiresAt >= now) {
    const excuse = excused ? ' Too many leases ended at one time, so it was given one lease period more.' : '';
    return [`Its worker was last heard of at ${at(heartbeatAt)} and holds it until ${at(expiresAt)}.${excuse}`];
  }
  return [`Its lease ended at ${at(expiresAt)} without a sign of life; it will be taken back.`];
}

function withoutLease({ updatedAt, serverNow }: JobView, staleSeconds: number): string[] {
  const silentSeconds = (serverNow.getTime() - updatedAt.getTime()) / 1_000;
  if (silentSeconds <= staleSeconds) return [];
  return [`Nothing was heard of it for ${spanOf(silentSeconds)}: release or fail it when its worker is gone.`];
}

function ended({ operation, datasetName, status, finishedAt, attempt, error }: JobView, cancellation: Cancellation | null): string[] {
  const how = status === 'cancelled' ? 'was cancelled' : status;
  const when = `${operation} of ${datasetName} ${how} at ${at(finishedAt)}, after ${plural(attempt, 'attempt')}.`;
  if (error) return [when, `${error.code}: ${error.message}`];
  if (status !== 'cancelled' || !cancellation) return [when];
  const { by, reason } = cancellation;
  return [when, reason === null ? `${by} asked for it.` : `${by} asked for it: ${reason}`];
}
