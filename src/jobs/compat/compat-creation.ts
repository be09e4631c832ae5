import { Inject, Injectable, Logger } from '@nestjs/common';
import type { CookieUser } from '../../auth/index.js';
import type { Caller } from '../../common/caller.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { databaseAway } from '../../database/mongo-errors.js';
import { keptParameters } from '../job-parameters.js';
import { datastoreTarget } from '../jobs-lifecycle.js';
import type { JobView } from '../job-views.js';
import { JobsService } from '../jobs.service.js';
import type { CompatNewJob } from './job-requests.js';

/** What became of one item of a POST /jobs. `reason` is ours. @see contracts/jobs.md 4.2 */
export type CreationResult =
  | { readonly status: 'queued'; readonly msg: 'CREATED'; readonly job_id: string }
  | { readonly status: 'FAILED'; readonly msg: string; readonly reason: string };

const failed = (reason: string, msg = 'FAILED'): CreationResult => ({ status: 'FAILED', msg, reason });

const unknownOutcome = failed('The database did not say whether the job was created; look at the target before you try again.');
const notTried = failed('Not tried: the database was away, or the caller had gone.');

/** Whose jobs are created, and the signal that ends the creation between two items. */
export interface CreationContext {
  readonly user: CookieUser;
  readonly caller: Caller;
  readonly stopped: AbortSignal;
}

/** Creates the jobs of one POST /jobs: item by item, in order, whatever becomes of the others. */
@Injectable()
export class CompatCreation {
  private readonly logger = new Logger('Jobs');

  constructor(
    private readonly jobs: JobsService,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** One result for each item, in order. Items behind one whose outcome is not known are not tried. */
  async createAll(items: readonly CompatNewJob[], { user, caller, stopped }: CreationContext): Promise<CreationResult[]> {
    const results: CreationResult[] = [];
    let last: JobView | null = null;
    let away = false;
    for (const item of items) {
      if (away || stopped.aborted) {
        results.push(notTried);
        continue;
      }
      const created: CreationResult | JobView = await this.createOne(item, { user, caller, last });
      if ('_id' in created) last = created;
      away = created === unknownOutcome;
      results.push('_id' in created ? { status: 'queued', msg: 'CREATED', job_id: created._id } : created);
    }
    return results;
  }

  private async createOne(
    item: CompatNewJob,
    { user, caller, last }: { user: CookieUser; caller: Caller; last: JobView | null },
  ): Promise<CreationResult | JobView> {
    if (item.operation === 'BUMP' && item.target !== datastoreTarget) return failed(`The target of a BUMP must be ${datastoreTarget}.`);
    if (item.operation === 'BUMP' && !this.settings.bumpEnabled) {
      return failed('BUMP jobs need the setting BUMP_ENABLED=true.', 'FAILED: Bumping the datastore is disabled');
    }
    const { userId: id, firstName, lastName } = user;
    const job = {
      ...this.jobs.defaults,
      datasetName: item.target,
      operation: item.operation,
      parameters: keptParameters(item.operation, item),
      extraParameters: null,
      createdBy: { id, firstName, lastName },
    };
    try {
      return (await this.jobs.tryCreate(job, caller, last)) ?? failed(await this.jobs.describeHolder(item.target));
    } catch (error) {
      this.logger.warn({ message: `creating a job for ${item.target} failed`, error });
      return databaseAway(error) ? unknownOutcome : failed('The job could not be created.');
    }
  }
}
