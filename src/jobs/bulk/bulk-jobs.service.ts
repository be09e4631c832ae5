import { Injectable } from '@nestjs/common';
import type { Caller } from '../../common/caller.js';
import { RequestTooLargeError } from '../../common/errors/request.errors.js';
import type { AnyOf } from '../../common/http/any-of.js';
import type { JobFilter } from '../job-filter.js';
import { JobListsStore } from '../job-lists.store.js';
import { JobRetries } from '../job-retries.js';
import type { ListedJob } from '../job-views.js';
import { finalStatuses, jobStatuses, type JobStatus, unfinishedStatuses } from '../jobs-lifecycle.js';
import { JobsService } from '../jobs.service.js';
import { OperatorActions } from '../protocol/operator-actions.service.js';
import type { BulkChange, Selection } from './bulk-requests.js';
import { MatchChangedError } from './bulk.errors.js';

const maxMatched = 1_000;

/** The states that each action fits, and why it does not fit the others. */
const fitting = {
  cancel: { statuses: unfinishedStatuses, otherwise: 'JOBS.FINAL' },
  edit: { statuses: unfinishedStatuses, otherwise: 'JOBS.FINAL' },
  release: { statuses: ['running'], otherwise: 'JOBS.NOT_RUNNING' },
  retry: { statuses: finalStatuses, otherwise: 'JOBS.NOT_FINAL' },
} as const satisfies Record<BulkChange['action'], { statuses: readonly JobStatus[]; otherwise: string }>;

/** What a bulk change would do. */
export interface BulkPlan {
  readonly matched: readonly ListedJob[];
  readonly excluded: readonly { readonly jobId: string; readonly code: string }[];
}

const withStatuses = (filter: JobFilter, statuses: readonly JobStatus[]): JobFilter | null => {
  const { wanted, refused } = filter.status ?? ({ wanted: [], refused: [] } satisfies AnyOf<JobStatus>);
  const left = statuses.filter((status) => (wanted.length === 0 || wanted.includes(status)) && !refused.includes(status));
  return left.length === 0 ? null : { ...filter, status: { wanted: left, refused: [] } };
};

/** Changes many jobs, each as one call would: what is planned is a list of ids, and each job is still asked for its state when its turn comes. */
@Injectable()
export class BulkJobs {
  constructor(
    private readonly lists: JobListsStore,
    private readonly jobs: JobsService,
    private readonly retries: JobRetries,
    private readonly operators: OperatorActions,
  ) {}

  /** What a change would do now. @throws RequestTooLargeError when more than 1,000 jobs match */
  async plan({ action, selection }: BulkChange): Promise<BulkPlan> {
    return selection.kind === 'ids' ? this.planOfIds(action, selection.ids) : this.planOfFilter(action, selection.filter);
  }

  /**
   * The ids that a change is applied to, in order: all that are named, or all that match and fit.
   * @throws MatchChangedError, RequestTooLargeError
   */
  async idsOf(change: BulkChange): Promise<readonly string[]> {
    const { selection } = change;
    if (selection.kind === 'ids') return selection.ids;
    const { matched } = await this.plan(change);
    assertExpected(selection, matched.length);
    return matched.map(({ _id }) => _id);
  }

  private async planOfIds(action: BulkChange['action'], ids: readonly string[]): Promise<BulkPlan> {
    const found = new Map((await this.lists.findByIds(ids)).map((job) => [job._id, job]));
    const fits = (id: string) => (fitting[action].statuses as readonly JobStatus[]).includes(found.get(id)?.status as JobStatus);
    return {
      matched: ids.filter(fits).map((id) => found.get(id)!),
      excluded: ids
        .filter((id) => !fits(id))
        .map((jobId) => ({ jobId, code: found.has(jobId) ? fitting[action].otherwise : 'JOBS.NOT_FOUND' })),
    };
  }

  private async planOfFilter(action: BulkChange['action'], filter: JobFilter): Promise<BulkPlan> {
    const { statuses, otherwise } = fitting[action];
    const matched = await this.select(withStatuses(filter, statuses), maxMatched + 1);
    if (matched.length > maxMatched) throw new RequestTooLargeError(`The filter matches more than ${maxMatched} jobs; narrow it.`);
    const others = jobStatuses.filter((status) => !(statuses as readonly JobStatus[]).includes(status));
    const excluded = await this.select(withStatuses(filter, others), maxMatched);
    return { matched, excluded: excluded.map(({ _id }) => ({ jobId: _id, code: otherwise })) };
  }

  private async select(filter: JobFilter | null, limit: number): Promise<ListedJob[]> {
    return filter ? this.lists.page(filter, 'createdAt', { place: undefined, limit }) : [];
  }

  /** Applies a change to one job. @throws what the single call throws */
  async apply(id: string, { action, reason, edit }: BulkChange, caller: Caller): Promise<{ jobId: string; status: JobStatus }> {
    const job = await this.changed(id, { action, reason, edit }, caller);
    return { jobId: job._id, status: job.status };
  }

  private async changed(id: string, { action, reason, edit }: Omit<BulkChange, 'selection'>, caller: Caller) {
    if (action === 'cancel') return this.jobs.cancel(id, { reason, force: false, expected: undefined }, caller);
    if (action === 'release') return this.operators.release(id, { reason }, caller);
    if (action === 'edit') return this.jobs.edit(id, { edit, expected: undefined, reason }, caller);
    const job = await this.retries.jobFor(id, { reason, parameters: undefined, actor: caller.actor });
    return (await this.jobs.create({ job, onConflict: 'refuse' }, caller)).job;
  }
}

function assertExpected(selection: Extract<Selection, { kind: 'filter' }>, matched: number): void {
  if (selection.expectedCount !== matched) throw new MatchChangedError(matched, selection.expectedCount);
}
