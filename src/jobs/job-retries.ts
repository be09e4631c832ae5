import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../common/caller.js';
import type { ExpectedVersion } from '../common/http/etag.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import type { NewJob } from './job-changes.js';
import { JobConflicts } from './job-conflicts.js';
import { parametersFor } from './job-parameters.js';
import { checkOperations } from './job-requests.js';
import type { JobView } from './job-views.js';
import { isFinal } from './jobs-lifecycle.js';
import { JobNotFinalError } from './jobs.errors.js';
import { JobsService } from './jobs.service.js';

/** Who wants to run a job again, and with what. */
export interface RetryRequest {
  readonly reason: string;
  /** Undefined: those of the old job. */
  readonly parameters: Record<string, unknown> | undefined;
  /** Only if the old job has this version. */
  readonly expected?: ExpectedVersion | undefined;
  readonly actor: Actor;
}

/** Makes new jobs of finished ones. The old job is not touched; the new one names it. */
@Injectable()
export class JobRetries {
  constructor(
    private readonly jobs: JobsService,
    private readonly conflicts: JobConflicts,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * The new job that runs a finished one again; it is not created yet.
   * @throws JobNotFoundError, JobNotFinalError, PreconditionFailedError; OperationDisabledError, RequestInvalidError, JobParametersInvalidError when it would not be accepted today
   */
  async jobFor(id: string, request: RetryRequest): Promise<NewJob> {
    const old = await this.jobs.get(id);
    if (!isFinal(old.status)) throw new JobNotFinalError({ status: old.status, version: old.version });
    await this.conflicts.assertVersion(old, request.expected);
    checkOperations({ wanted: [old.operation], refused: [] }, this.settings.jobsExtraOperations, '/operation');
    this.jobs.checkEnabled(old.operation);
    return this.copyOf(old, request);
  }

  private copyOf(old: JobView, { reason, parameters, actor }: RetryRequest): NewJob {
    const { datasetName, operation, priority, tags, maxFailures, maxLosses, runBudgetSeconds, traceId } = old;
    const kept = { datasetName, operation, priority, tags, maxFailures, maxLosses, runBudgetSeconds, traceId };
    const given = parameters && parametersFor(operation, datasetName, parameters);
    return {
      ...kept,
      ...(given ?? { parameters: old.parameters, extraParameters: old.extraParameters }),
      notBefore: null,
      dueAt: null,
      duePausedMs: 0,
      retryOf: old._id,
      createdBy: { id: actor.id, firstName: actor.name, lastName: '' },
      reason,
    };
  }
}
