import type { Actor } from '../common/caller.js';
import { RequestInvalidError } from '../common/errors/request.errors.js';
import type { AnyOf } from '../common/http/any-of.js';
import { referenceOperations } from '../common/operations.js';
import type { JobDefaults, JobEdit, NewJob } from './job-changes.js';
import { parametersFor } from './job-parameters.js';
import type { CreateJobDto, EditJobDto } from './jobs.dto.js';

const dateOf = (text: string | null): Date | null => (text === null ? null : new Date(text));

/** Every operation that this installation knows. @param extra the setting `JOBS_EXTRA_OPERATIONS` */
const knownOperations = (extra: readonly string[]): readonly string[] => [...referenceOperations, ...extra];

/**
 * Refuses operations that nobody knows, naming the known ones.
 * @throws RequestInvalidError
 */
export function checkOperations(operations: AnyOf | undefined, extra: readonly string[], pointer: string): void {
  const known = knownOperations(extra);
  const unknown = [...(operations?.wanted ?? []), ...(operations?.refused ?? [])].find((operation) => !known.includes(operation));
  if (unknown === undefined) return;
  const message = `${unknown} is not an operation; known: ${known.join(', ')}`;
  throw new RequestInvalidError(message, [{ pointer, code: 'unknown', message }]);
}

/**
 * The job that a POST body asks for.
 * @throws RequestInvalidError, JobParametersInvalidError
 */
export function newJobOf(body: CreateJobDto, context: { defaults: JobDefaults; extraOperations: readonly string[]; actor: Actor }): NewJob {
  checkOperations({ wanted: [body.operation], refused: [] }, context.extraOperations, '/operation');
  const { defaults, actor } = context;
  return {
    ...defaults,
    datasetName: body.datasetName,
    operation: body.operation,
    ...parametersFor(body.operation, body.datasetName, body.parameters),
    priority: body.priority ?? defaults.priority,
    notBefore: dateOf(body.notBefore ?? null),
    dueAt: dateOf(body.dueAt ?? null),
    tags: body.tags ?? defaults.tags,
    maxFailures: body.maxFailures ?? defaults.maxFailures,
    runBudgetSeconds: body.runBudgetSeconds ?? defaults.runBudgetSeconds,
    traceId: body.traceId ?? defaults.traceId,
    createdBy: { id: actor.id, firstName: actor.name, lastName: '' },
  };
}

/** The edit that a merge patch asks for: what it leaves out stays, null clears. */
export function editOf(patch: EditJobDto): JobEdit {
  return {
    ...(patch.priority !== undefined && { priority: patch.priority }),
    ...(patch.notBefore !== undefined && { notBefore: dateOf(patch.notBefore) }),
    ...(patch.dueAt !== undefined && { dueAt: dateOf(patch.dueAt) }),
    ...(patch.tags !== undefined && { tags: patch.tags }),
  };
}
