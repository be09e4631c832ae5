import { CompatError } from '../common/http/compat-error.js';
import { integer, list, model, type ModelValue, nullable, optional, parseModel, string } from '../common/compat/pydantic.js';
import { isReferenceOperation, type ReferenceOperation } from '../common/operations.js';
import { JobParametersInvalidError } from './jobs.errors.js';
import { datastoreTarget, type JobParameters } from './jobs-lifecycle.js';

/** A manifesto's entry: free strings, unknown keys refused. @see contracts/jobs.md 4.2 */
const dataStructureUpdate = model('DataStructureUpdate', { name: string, description: string, operation: string, releaseStatus: string });

/** A manifesto: unknown keys are dropped; `updateType` must be there but may be null. */
export const bumpManifesto = model(
  'BumpManifesto',
  {
    version: string,
    description: string,
    releaseTime: integer,
    languageCode: string,
    updateType: nullable(string),
    dataStructureUpdates: list(dataStructureUpdate),
  },
  { extra: 'ignore' },
);

/** The release states that SET_STATUS takes. */
export const releaseStatuses = ['DRAFT', 'PENDING_RELEASE', 'PENDING_DELETE'] as const;

/** Everything that some operation takes beside operation and target. */
export interface OfferedParameters {
  readonly releaseStatus?: string | undefined;
  readonly description?: string | undefined;
  readonly bumpManifesto?: ModelValue<Record<never, never>> | JobParameters['bumpManifesto'] | undefined;
  readonly bumpFromVersion?: string | undefined;
  readonly bumpToVersion?: string | undefined;
}

/** What each operation must have; nothing else is kept. */
const parameterNames: Record<ReferenceOperation, readonly (keyof JobParameters)[]> = {
  ADD: [],
  CHANGE: [],
  PATCH_METADATA: [],
  DELETE_DRAFT: [],
  ROLLBACK_REMOVE: [],
  DELETE_ARCHIVE: [],
  SET_STATUS: ['releaseStatus'],
  REMOVE: ['description'],
  BUMP: ['description', 'bumpManifesto', 'bumpFromVersion', 'bumpToVersion'],
};

/** What is missing for an operation, in the words of the original; undefined when nothing is. */
export function missingParameters(operation: ReferenceOperation, offered: OfferedParameters): string | undefined {
  const missing = parameterNames[operation].some((name) => offered[name] === undefined || offered[name] === null);
  if (!missing) return undefined;
  if (operation === 'BUMP') return 'Must provide a bumpManifesto, bumpFromVersion and bumpToVersion when operation is BUMP.';
  return `Must provide a ${parameterNames[operation][0]} when operation is ${operation}.`;
}

/** The parameters that the operation keeps. */
export function keptParameters(operation: ReferenceOperation, offered: OfferedParameters): JobParameters {
  return Object.fromEntries(parameterNames[operation].map((name) => [name, offered[name]]));
}

const nativeParameters = model('parameters', {
  releaseStatus: optional(string),
  description: optional(string),
  bumpManifesto: optional(bumpManifesto),
  bumpFromVersion: optional(string),
  bumpToVersion: optional(string),
});

const maxExtraBytes = 16_384;

/** The parameters of a new job, in the two forms in which they are stored. */
export interface StoredParameters {
  readonly parameters: JobParameters;
  readonly extraParameters: string | null;
}

/** Reads with the model that the compat API uses, and answers its faults as one problem. */
function readParameters(input: unknown): ModelValue<Record<never, never>> & OfferedParameters {
  try {
    return parseModel(nativeParameters, input);
  } catch (error) {
    if (error instanceof CompatError) throw new JobParametersInvalidError(error.message);
    throw error;
  }
}

/**
 * The parameters of a job on the native API: those of its operation, all of them and no others; any object for an operation beside the nine.
 * @throws JobParametersInvalidError
 */
export function parametersFor(operation: string, datasetName: string, input: object | undefined): StoredParameters {
  if (!isReferenceOperation(operation)) {
    const json = JSON.stringify(input ?? {});
    if (Buffer.byteLength(json) > maxExtraBytes) throw new JobParametersInvalidError('parameters may have at most 16 KiB.');
    return { parameters: {}, extraParameters: json };
  }
  if (operation === 'BUMP' && datasetName !== datastoreTarget) {
    throw new JobParametersInvalidError(`The dataset of a BUMP must be ${datastoreTarget}.`, '/datasetName');
  }
  const offered = readParameters(input ?? {});
  const names = parameterNames[operation];
  const foreign = Object.keys(offered).filter((name) => !(names as readonly string[]).includes(name));
  if (foreign.length > 0)
    throw new JobParametersInvalidError(`${operation} does not take ${foreign.join(', ')}; it takes ${names.join(', ') || 'none'}.`);
  const missing = missingParameters(operation, offered);
  if (missing) throw new JobParametersInvalidError(missing);
  if (operation === 'SET_STATUS' && !(releaseStatuses as readonly string[]).includes(offered.releaseStatus ?? '')) {
    throw new JobParametersInvalidError(`releaseStatus must be one of ${releaseStatuses.join(', ')}.`, '/parameters/releaseStatus');
  }
  return { parameters: keptParameters(operation, offered), extraParameters: null };
}
