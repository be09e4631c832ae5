import type { ChangeEntry } from '../database/change.js';
import type { JobAttemptDto, JobDto, JobErrorDto, JobHistoryEntryDto } from './job-answers.dto.js';
import { runIdOf } from './job-run.js';
import type { ListedJob } from './job-views.js';
import type { JobAttempt, JobError, JobLease } from './jobs.schema.js';

const iso = (at: Date): string => at.toISOString();
const isoOrNull = (at: Date | null): string | null => at?.toISOString() ?? null;

const objectOf = (json: string | null): Record<string, unknown> | null =>
  json === null ? null : (JSON.parse(json) as Record<string, unknown>);

const errorDtoOf = ({ code, message, details }: JobError): JobErrorDto => ({ code, message, details: objectOf(details ?? null) });

/** The phases of an attempt with how long each took; the last one of a running attempt has not ended. */
function phasesOf({ phases, endedAt }: JobAttempt): JobAttemptDto['phases'] {
  return phases.map(({ phase, at }, index) => {
    const end = phases[index + 1]?.at ?? endedAt;
    return { phase, startedAt: iso(at), seconds: end && (end.getTime() - at.getTime()) / 1_000 };
  });
}

function attemptDtoOf(jobId: string, attempt: JobAttempt): JobAttemptDto {
  return {
    attempt: attempt.attempt,
    runId: runIdOf(jobId, attempt.attempt),
    workerId: attempt.workerId,
    startedAt: iso(attempt.startedAt),
    endedAt: isoOrNull(attempt.endedAt),
    outcome: attempt.outcome,
    error: attempt.error && errorDtoOf(attempt.error),
    phases: phasesOf(attempt),
  };
}

const leaseDtoOf = ({ workerId, claimedAt, heartbeatAt, expiresAt }: JobLease) => ({
  workerId,
  claimedAt: iso(claimedAt),
  heartbeatAt: iso(heartbeatAt),
  expiresAt: iso(expiresAt),
});

/** Fields that a list and a single job share and that are shown as they are stored. */
function plainFieldsOf(job: ListedJob) {
  const { version, datasetName, operation, status, phase, percent, priority, attempt, failures, losses, snoozes } = job;
  const { maxFailures, maxLosses, runBudgetSeconds, retryOf, traceId } = job;
  const counts = { attempt, failures, losses, snoozes, maxFailures, maxLosses, runBudgetSeconds };
  return { jobId: job._id, version, datasetName, operation, status, phase, percent, priority, ...counts, retryOf, traceId };
}

/** Whether a running job without a lease has been silent for too long, by the server's clock. `staleCondition` in job-filter.ts says the same of stored jobs. */
const isStale = (job: ListedJob, staleSeconds: number): boolean =>
  job.status === 'running' && job.lease === null && job.serverNow.getTime() - job.updatedAt.getTime() > staleSeconds * 1_000;

/** What is not seen from a job alone. */
export interface Judgement {
  /** The setting `JOBS_STALE_SECONDS`. */
  readonly staleSeconds: number;
  readonly overdue: boolean;
}

/** A stored job as the native API shows it. */
export function toJobDto(job: ListedJob, { staleSeconds, overdue }: Judgement): JobDto {
  const { cancelRequested: cancel, createdBy, error } = job;
  return {
    ...plainFieldsOf(job),
    parameters: job.extraParameters === null ? { ...job.parameters } : (JSON.parse(job.extraParameters) as Record<string, unknown>),
    notBefore: isoOrNull(job.notBefore),
    dueAt: isoOrNull(job.dueAt),
    tags: [...job.tags],
    lease: job.lease && leaseDtoOf(job.lease),
    cancelRequested: cancel && { at: iso(cancel.at), by: cancel.by, reason: cancel.reason },
    error: error && errorDtoOf(error),
    checkpoint: objectOf(job.checkpoint),
    result: objectOf(job.result),
    attempts: job.attempts.map((attempt) => attemptDtoOf(job._id, attempt)),
    createdBy: { id: createdBy.id, name: `${createdBy.firstName} ${createdBy.lastName}`.trim() },
    stale: isStale(job, staleSeconds),
    overdue,
    createdAt: iso(job.createdAt),
    updatedAt: iso(job.updatedAt),
    startedAt: isoOrNull(job.startedAt),
    finishedAt: isoOrNull(job.finishedAt),
  };
}

/** One change as the native API shows it. */
export const historyDtoOf = ({ at, changes, actor, ...entry }: ChangeEntry): JobHistoryEntryDto => ({
  ...entry,
  at: iso(at),
  changes: { ...changes },
  actor: { ...actor },
});
