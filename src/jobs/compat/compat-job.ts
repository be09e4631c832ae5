import { naiveIso } from '../../common/compat/timestamps.js';
import { compatStatusOf, type CompatStatus, type JobParameters } from '../jobs-lifecycle.js';
import type { CompatListedJob } from '../job-views.js';

/** A job in the JSON of the original. @see contracts/jobs.md 4.5 */
export interface CompatJob {
  readonly jobId: string;
  readonly status: CompatStatus;
  readonly parameters: { readonly operation: string; readonly target: string } & JobParameters;
  readonly log: readonly { readonly at: string; readonly message: string }[];
  readonly createdAt: string;
  readonly createdBy: { readonly userId: string; readonly firstName: string; readonly lastName: string };
}

/** Exactly the keys that the original's workers accept in an entry. */
const updatesOf = (updates: NonNullable<JobParameters['bumpManifesto']>['dataStructureUpdates']) =>
  updates.map(({ name, description, operation, releaseStatus }) => ({ name, description, operation, releaseStatus }));

function parametersOf({ operation, datasetName, parameters }: CompatListedJob): CompatJob['parameters'] {
  const { bumpManifesto: manifesto } = parameters;
  return {
    operation,
    target: datasetName,
    ...parameters,
    ...(manifesto && {
      // An absent updateType makes the original's workers reject every list that the job is in; null does not.
      bumpManifesto: {
        ...manifesto,
        updateType: manifesto.updateType ?? null,
        dataStructureUpdates: updatesOf(manifesto.dataStructureUpdates),
      },
    }),
  };
}

/** A stored job as the original's clients see it. */
export function compatJobOf(job: CompatListedJob): CompatJob {
  const { id, firstName, lastName } = job.createdBy;
  return {
    jobId: job._id,
    status: compatStatusOf(job),
    parameters: parametersOf(job),
    log: job.log.map(({ at, message }) => ({ at: naiveIso(at), message })),
    createdAt: naiveIso(job.createdAt),
    createdBy: { userId: id, firstName, lastName },
  };
}
