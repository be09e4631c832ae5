import { type JobEnd, reportLines, type StatusReport } from '../job-changes.js';
import type { FinalStatus } from '../jobs-lifecycle.js';
import type { JobDocument } from '../jobs.schema.js';

const noMessage = 'The worker reported no message.';

/** The end that an original worker reports; a failure after somebody asked for the job's cancellation is that. */
export function reportedEnd(job: JobDocument, report: StatusReport, reported: FinalStatus): JobEnd {
  const cancelled = reported !== 'completed' && job.cancelRequested !== null;
  const status = cancelled ? 'cancelled' : reported;
  const lines = reportLines(report);
  return {
    status,
    attemptOutcome: status,
    error:
      status === 'failed'
        ? { code: 'WORKER_FAILED', message: (report.log ?? noMessage).slice(0, 1_000).toWellFormed(), details: null }
        : null,
    lines: cancelled ? [...lines, `Cancelled: ${job.cancelRequested?.reason}`] : lines,
    ...(report.description !== undefined && { description: report.description }),
    reason: cancelled ? (job.cancelRequested?.reason ?? null) : null,
  };
}

/**
 * The end of a job that went back from running to queued too often: its workers most likely died of it.
 * @param allowed the setting `COMPAT_MAX_REQUEUES`
 */
export function requeuedTooOften(job: JobDocument, report: StatusReport, allowed: number): JobEnd {
  const message = `Put back to queued ${job.compatRequeues + 1} times while running; COMPAT_MAX_REQUEUES allows ${allowed}.`;
  return {
    ...reportedEnd(job, report, 'failed'),
    error: { code: 'REQUEUED_TOO_OFTEN', message, details: null },
    lines: [...reportLines(report), message],
    reason: message,
  };
}
