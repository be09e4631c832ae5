import type { Role } from '../../common/caller.js';
import { RequestInvalidError, RequestTooLargeError } from '../../common/errors/request.errors.js';
import { createValidationPipe } from '../../common/http/validation.js';
import { RoleMissingError } from '../../auth/index.js';
import type { JobEdit } from '../job-changes.js';
import type { JobFilter } from '../job-filter.js';
import { filterOf, JobListQueryDto } from '../job-list-query.dto.js';
import { editOf } from '../job-requests.js';
import type { CreateJobDto } from '../jobs.dto.js';
import type { BulkAction, BulkDto } from './bulk.dto.js';

const maxItems = 500;
const maxIds = 1_000;

/** Which jobs a bulk request is about. */
export type Selection =
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | { readonly kind: 'filter'; readonly filter: JobFilter; readonly expectedCount: number | undefined };

/** A bulk request that changes jobs. */
export interface BulkChange {
  readonly action: Exclude<BulkAction, 'create'>;
  readonly selection: Selection;
  readonly reason: string;
  readonly edit: JobEdit;
}

export type BulkRequest = { readonly action: 'create'; readonly items: readonly CreateJobDto[] } | BulkChange;

const invalid = (pointer: string, message: string): RequestInvalidError =>
  new RequestInvalidError(`${pointer.slice(1)} ${message}.`, [{ pointer, code: 'bulk', message }]);

/**
 * What a body asks for.
 * @throws RoleMissingError when the caller's token lacks the role for the action; RequestInvalidError; RequestTooLargeError beyond the caps
 */
export async function bulkRequestOf(body: BulkDto, roles: readonly Role[]): Promise<BulkRequest> {
  const needed = body.action === 'create' ? (['pipeline', 'operator'] as const) : (['operator'] as const);
  if (![...needed, 'admin' as const].some((role) => roles.includes(role))) throw new RoleMissingError([...needed, 'admin']);
  return body.action === 'create' ? creationOf(body) : changeOf(body, body.action);
}

function creationOf({ items, ids, filter, changes }: BulkDto): BulkRequest {
  if (items && items.length > maxItems) throw new RequestTooLargeError(`At most ${maxItems} jobs are created at once.`);
  if (!items || items.length === 0) throw invalid('/items', 'must name the jobs to create');
  if (ids ?? filter ?? changes) throw invalid('/items', 'must stand alone');
  return { action: 'create', items };
}

async function changeOf(body: BulkDto, action: BulkChange['action']): Promise<BulkChange> {
  const { reason, changes, ids } = body;
  if (ids && ids.length > maxIds) throw new RequestTooLargeError(`At most ${maxIds} jobs are changed at once.`);
  if (body.items) throw invalid('/items', 'are for create only');
  if (reason === undefined) throw invalid('/reason', 'must say why');
  if (action === 'edit' && (!changes || Object.keys(editOf(changes)).length === 0)) throw invalid('/changes', 'must say what to edit');
  if (action !== 'edit' && changes) throw invalid('/changes', 'are for edit only');
  return { action, reason, selection: await selectionOf(body), edit: changes ? editOf(changes) : {} };
}

async function selectionOf({ ids, filter, expectedCount }: BulkDto): Promise<Selection> {
  if ((ids === undefined) === (filter === undefined)) throw invalid('/ids', 'or filter must be sent, one of the two');
  if (filter) return { kind: 'filter', filter: await readFilter(filter), expectedCount };
  if (new Set(ids).size < ids!.length) throw invalid('/ids', 'must name each job once');
  return { kind: 'ids', ids: ids! };
}

/** A filter in JSON is validated as the query of the list is, where every value is text. */
async function readFilter(filter: Record<string, unknown>): Promise<JobFilter> {
  const pageNames = ['limit', 'cursor', 'count', 'sort'].find((name) => name in filter);
  if (pageNames) throw invalid(`/filter/${pageNames}`, 'is no filter');
  const texts = Object.entries(filter).map(([name, value]) => [name, typeof value === 'boolean' ? String(value) : value]);
  try {
    const query = Object.fromEntries(texts) as object;
    return filterOf((await createValidationPipe().transform(query, { type: 'body', metatype: JobListQueryDto })) as JobListQueryDto);
  } catch (error) {
    if (!(error instanceof RequestInvalidError)) throw error;
    throw new RequestInvalidError(
      error.message,
      error.errors.map((item) => ({ ...item, pointer: `/filter${item.pointer}` })),
    );
  }
}
