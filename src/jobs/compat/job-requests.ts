import {
  boolean,
  converted,
  enumeration,
  list,
  model,
  type ModelValue,
  optional,
  parseModel,
  string,
} from '../../common/compat/pydantic.js';
import { CompatError } from '../../common/http/compat-error.js';
import { datasetNameFault } from '../../common/names.js';
import { referenceOperations } from '../../common/operations.js';
import type { StatusReport } from '../job-changes.js';
import { bumpManifesto, missingParameters, releaseStatuses } from '../job-parameters.js';
import { compatStatuses, type CompatStatus } from '../jobs-lifecycle.js';

const newJob = model(
  'NewJobRequest',
  {
    operation: enumeration(referenceOperations),
    target: string,
    releaseStatus: optional(enumeration(releaseStatuses)),
    description: optional(string),
    bumpManifesto: optional(bumpManifesto),
    bumpFromVersion: optional(string),
    bumpToVersion: optional(string),
  },
  {
    rule: (job) => {
      const fault = datasetNameFault(job.target);
      return fault === undefined ? missingParameters(job.operation, job) : `target ${fault}`;
    },
  },
);

/** One job of a POST, as validated. */
export type CompatNewJob = ModelValue<{
  operation: ReturnType<typeof enumeration<(typeof referenceOperations)[number]>>;
  target: typeof string;
}> &
  Parameters<typeof missingParameters>[1];

const newJobs = model('NewJobsRequest', { jobs: list(newJob) });

/**
 * The jobs of a POST /jobs body; one faulty item refuses all.
 * @throws CompatError 400
 * @see contracts/jobs.md 4.2
 */
export const readNewJobs = (body: unknown): readonly CompatNewJob[] => parseModel(newJobs, body).jobs;

const updateJob = model('UpdateJobRequest', {
  status: optional(enumeration(compatStatuses)),
  description: optional(string),
  log: optional(string),
});

/**
 * The report in a PUT /jobs/{jobId} body.
 * @throws CompatError 400, also when it says nothing
 * @see contracts/jobs.md 4.4
 */
export function readStatusReport(body: unknown): StatusReport {
  const report = parseModel(updateJob, body);
  if (Object.keys(report).length === 0) throw new CompatError(400, 'The request must include either description or status');
  return report;
}

/** Later workers of the original ask for it too; no job here has it. @see contracts/jobs.md 4.1 */
const successorOperation = 'GENERATE_RSA_KEYS';

const filterOperations = [...referenceOperations, successorOperation] as const;

const operationList = converted((input) => String(input).split(','), list(enumeration(filterOperations)));
/** A boolean word, of which the empty one means false. */
const flag = converted((input) => (input === '' ? false : input), boolean);

const getJobs = model(
  'GetJobRequest',
  {
    status: optional(enumeration(compatStatuses)),
    operation: optional(operationList),
    ignoreCompleted: optional(flag),
  },
  { extra: 'ignore' },
);

/** What GET /jobs is narrowed to; no operations mean all. */
export interface CompatJobsQuery {
  readonly status: CompatStatus | undefined;
  readonly operations: readonly string[];
  readonly ignoreCompleted: boolean;
}

const firstOf = (value: unknown): unknown => (Array.isArray(value) ? (value as unknown[])[0] : value);

/**
 * The filter in the query of GET /jobs: of a repeated name the first counts, unknown names are ignored.
 * @throws CompatError 400
 * @see contracts/jobs.md 4.1
 */
export function readJobsQuery(query: Readonly<Record<string, unknown>>): CompatJobsQuery {
  const first = Object.fromEntries(Object.entries(query).map(([name, value]) => [name, firstOf(value)]));
  if (first['operation'] === '') delete first['operation'];
  const { status, operation, ignoreCompleted } = parseModel(getJobs, first);
  return { status, operations: operation ?? [], ignoreCompleted: ignoreCompleted ?? false };
}
