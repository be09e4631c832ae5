import type { CompatStatus } from '../../src/jobs/jobs-lifecycle.js';

/** A job as the rules of the specification have it, written down without a look at how the service does it. */
export interface ModelJob {
  id: string;
  readonly dataset: string;
  status: 'queued' | 'running' | 'completed' | 'failed' | 'cancelled';
  phase: string | null;
  attempt: number;
  losses: number;
  /** Reason of the wish to cancel it. */
  cancelWish: string | null;
  version: number;
  log: string[];
  description: string | undefined;
  priority: string;
  tags: string[];
  /** Number and outcome of each attempt. */
  attempts: { attempt: number; outcome: string | null }[];
  error: string | null;
}

/** A report of an old worker; one of the three is there. */
export interface ModelReport {
  readonly status?: CompatStatus;
  readonly description?: string;
  readonly log?: string;
}

/** What the service has to answer to a call. */
export type Answer = 'created' | 'busy' | 'applied' | 'notFound' | 'final' | 'mismatch' | 'changed';

/** All that a run has created so far. */
export class JobsModel {
  readonly jobs: ModelJob[] = [];

  activeOf(dataset: string): ModelJob | undefined {
    return this.jobs.find((job) => job.dataset === dataset && !isOver(job));
  }

  /** The job that a dataset's target row speaks of: the unfinished one, else the one that ended last. */
  rowOf(dataset: string): ModelJob | undefined {
    return this.activeOf(dataset) ?? this.jobs.findLast((job) => job.dataset === dataset);
  }

  /** A job that the dataset is free for. */
  create(dataset: string): ModelJob {
    const job: ModelJob = {
      id: '',
      dataset,
      status: 'queued',
      phase: null,
      attempt: 0,
      losses: 0,
      cancelWish: null,
      version: 1,
      log: [],
      description: undefined,
      priority: 'normal',
      tags: [],
      attempts: [],
      error: null,
    };
    this.jobs.push(job);
    return job;
  }
}

/** True when a job will never change again. */
const isOver = (job: ModelJob): boolean => !['queued', 'running'].includes(job.status);

function linesOf({ status, description, log }: ModelReport): string[] {
  const lines = [];
  if (description !== undefined) lines.push('Added update description');
  if (status !== undefined) lines.push(`Set status: ${status}`);
  if (log !== undefined) lines.push(log);
  return lines;
}

function end(job: ModelJob, status: 'completed' | 'failed' | 'cancelled'): void {
  const last = job.attempts.at(-1);
  if (last && last.outcome === null) last.outcome = status;
  job.status = status;
  job.phase = null;
  job.version += 1;
}

/** An old worker's report: `notFound` once the job is over. */
export function report(job: ModelJob, given: ModelReport): Answer {
  if (isOver(job)) return 'notFound';
  job.log.push(...linesOf(given));
  if (given.description !== undefined) job.description = given.description;
  const endsWish = job.cancelWish !== null && (given.status === 'failed' || given.status === 'queued');
  if (endsWish) {
    end(job, 'cancelled');
    job.log.push(`Cancelled: ${job.cancelWish}`);
  } else if (given.status === 'completed' || given.status === 'failed') {
    end(job, given.status);
    job.error = given.status === 'failed' ? (given.log ?? 'The worker reported no message.') : null;
  } else {
    const moved = given.status !== undefined && move(job, given.status);
    if (moved || given.description !== undefined) job.version += 1;
  }
  return 'applied';
}

/** Takes an unfinished job to an unfinished state. False when it is there already. */
function move(job: ModelJob, word: CompatStatus): boolean {
  const status = word === 'queued' ? 'queued' : 'running';
  const phase = word === 'queued' || word === 'initiated' ? null : word;
  if (job.status === status && job.phase === phase) return false;
  if (job.status === 'queued') {
    job.attempt += 1;
    job.attempts.push({ attempt: job.attempt, outcome: null });
  } else if (status === 'queued') {
    job.losses += 1;
    job.attempts.at(-1)!.outcome = 'lost';
  }
  job.status = status;
  job.phase = phase;
  return true;
}

/** An operator's edit; an edit that alters nothing is no change. */
export function edit(job: ModelJob, given: { priority?: string; tags?: string[] }, expected: number | undefined): Answer {
  const refused = refusal(job, expected);
  if (refused) return refused;
  const { priority = job.priority, tags = job.tags } = given;
  if (priority !== job.priority || JSON.stringify(tags) !== JSON.stringify(job.tags)) job.version += 1;
  Object.assign(job, { priority, tags });
  return 'changed';
}

/** An operator's cancel: at once while queued or by force, else a wish, of which the first counts. */
export function cancel(job: ModelJob, reason: string, { force, expected }: { force: boolean; expected: number | undefined }): Answer {
  const refused = refusal(job, expected);
  if (refused) return refused;
  if (job.status === 'queued' || force) {
    end(job, 'cancelled');
    job.log.push(`Cancelled: ${reason}`);
  } else if (job.cancelWish === null) {
    job.cancelWish = reason;
    job.version += 1;
  }
  return 'changed';
}

function refusal(job: ModelJob, expected: number | undefined): Answer | undefined {
  if (isOver(job)) return 'final';
  return expected !== undefined && expected !== job.version ? 'mismatch' : undefined;
}
