import { Inject, Injectable } from '@nestjs/common';
import type { Caller } from '../../common/caller.js';
import { ServiceUnavailableError } from '../../common/errors/service.errors.js';
import { isReferenceOperation, referenceOperations } from '../../common/operations.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { Metrics } from '../../observability/index.js';
import { type JobEnd, reportChange, type StatusReport } from '../job-changes.js';
import { JobEndings } from '../job-endings.js';
import type { Expected } from '../job-expectations.js';
import { maxLooks } from '../job-looks.js';
import type { JobView } from '../job-views.js';
import { waitedSeconds } from '../job-waiting.js';
import { isFinal, type JobStatus, reportedState } from '../jobs-lifecycle.js';
import type { JobDocument } from '../jobs.schema.js';
import { JobsStore, type ReportedJob } from '../jobs.store.js';
import { reportedEnd, requeuedTooOften } from './reported-ends.js';

/** What became of a status report. `leased`: a worker of the native protocol has the job, whose status nobody else may report. */
export type ReportOutcome = 'applied' | 'notFound' | 'leased';

/** A report on its way, with the status of ours that its word means. */
interface Given {
  readonly id: string;
  readonly report: StatusReport;
  readonly status: JobStatus | undefined;
  readonly caller: Caller;
}

/** A change that a report may make, as one conditional write. False when the job is not as it expects. */
type Step = () => Promise<boolean>;

const ofOriginal: Expected = { operations: referenceOperations };

/**
 * Takes the status reports of the original's workers. Any status may follow any other while the job is unfinished.
 *
 * A report is applied as it stands: as a change, or as the job's end. Where the job is not as that expects, it is looked at, which tells why: it is finished,
 * or of an operation that the original does not know; a native worker holds it; somebody asked for its end, and its worker gives it back; or it was given
 * back too often. In the latter two the job ends instead. Else it has changed in between, and the report is applied again.
 */
@Injectable()
export class StatusReports {
  constructor(
    private readonly store: JobsStore,
    private readonly endings: JobEndings,
    private readonly metrics: Metrics,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Applies a report. @throws ServiceUnavailableError when the job changes at each look */
  async take(id: string, report: StatusReport, caller: Caller): Promise<ReportOutcome> {
    const given = { id, report, status: report.status && reportedState(report.status).status, caller };
    let step = this.asItStands(given);
    for (let look = 0; look < maxLooks; look++) {
      if (await step()) return 'applied';
      const job = await this.store.findActive(id);
      if (!job || !isReferenceOperation(job.operation)) return 'notFound';
      if (given.status && job.lease) return 'leased';
      step = this.fitting(job, given);
    }
    throw new ServiceUnavailableError(`Job ${id} changed at each of ${maxLooks} looks at it. Try again.`);
  }

  private asItStands(given: Given): Step {
    const { status } = given;
    if (status && isFinal(status)) return this.ending(given, (job) => reportedEnd(job, given.report, status));
    return this.changing(given);
  }

  /** What a report does to a job that has been looked at. */
  private fitting({ status: now, cancelRequested, compatRequeues }: JobView, given: Given): Step {
    const allowed = this.settings.compatMaxRequeues;
    const givenBack = given.status === 'queued';
    if (givenBack && cancelRequested) return this.ending(given, (job) => reportedEnd(job, given.report, 'failed'));
    if (givenBack && now === 'running' && compatRequeues >= allowed)
      return this.ending(given, (job) => requeuedTooOften(job, given.report, allowed), { running: true });
    return this.asItStands(given);
  }

  private changing({ id, report, status, caller }: Given): Step {
    const mayRequeue = { cancelRequested: false, compatRequeuesBelow: this.settings.compatMaxRequeues };
    const expected: Expected = { ...ofOriginal, ...(status && { unleased: true }), ...(status === 'queued' && mayRequeue) };
    return async () => {
      const applied = await this.store.applyReport(id, reportChange(report, caller), expected);
      if (applied) this.measureStart(applied);
      return applied !== null;
    };
  }

  private ending({ id, caller }: Given, end: (job: JobDocument) => JobEnd, more: Expected = {}): Step {
    return async () => (await this.endings.end(id, end, { expected: { ...ofOriginal, unleased: true, ...more }, caller })) !== null;
  }

  /** A report that started an attempt is the moment at which the job stopped waiting. */
  private measureStart({ operation, createdAt, notBefore, updatedAt, attempts: [attempt] }: ReportedJob): void {
    if (attempt?.startedAt.getTime() === updatedAt.getTime())
      this.metrics.jobStarted(operation, waitedSeconds({ createdAt, notBefore }, attempt.startedAt));
  }
}
