import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Caller } from '../common/caller.js';
import type { IdempotencyKey, StoredAnswer } from '../common/http/idempotency.js';
import { Idempotency, type IdempotentAnswer } from '../database/idempotency.js';
import { duplicateKeyOf } from '../database/mongo-errors.js';
import { Metrics } from '../observability/index.js';
import type { JobView } from './job-views.js';
import { type CreatedOrHeld, type CreateRequest, JobsService } from './jobs.service.js';
import { JobsStore } from './jobs.store.js';
import { ClaimDesk } from './protocol/claim-desk.js';

/** A creation under an Idempotency-Key. */
export interface KeyedCreation extends CreateRequest {
  readonly key: IdempotencyKey;
  /** The answer that is kept and sent for a new job. */
  readonly answerFor: (job: JobView) => StoredAnswer;
}

/** Creates jobs for callers that may repeat their call. */
@Injectable()
export class JobIdempotentCreation {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly jobs: JobsService,
    private readonly store: JobsStore,
    private readonly metrics: Metrics,
    private readonly desk: ClaimDesk,
  ) {}

  /**
   * Creates a job once for a key, or answers with the holder of a busy dataset where the request asks for that.
   * @throws TargetBusyError, IdempotencyKeyReusedError
   */
  async create(creation: KeyedCreation, caller: Caller): Promise<CreatedOrHeld<IdempotentAnswer>> {
    return this.jobs.createOrFindHolder(creation, () => this.tryCreate(creation, caller));
  }

  /** The answer; null when the dataset is busy. */
  private async tryCreate({ job, key, answerFor }: KeyedCreation, caller: Caller): Promise<IdempotentAnswer | null> {
    try {
      const answer = await this.idempotency.once(key, caller, async (session) =>
        answerFor(await this.store.createWithin(session, randomUUID(), { job, caller })),
      );
      if (!answer.replayed) {
        this.metrics.jobCreated(job.operation);
        this.desk.ring();
      }
      return answer;
    } catch (error) {
      if (duplicateKeyOf(error)?.includes('datasetName')) return null;
      throw error;
    }
  }
}
