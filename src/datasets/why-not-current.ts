import type { ActiveJob } from '../jobs/index.js';
import type { LastOutcome } from './dataset-sources.js';

/** What is known of a dataset, as far as it may be out of date. */
export interface CurrencyFacts {
  readonly name: string;
  readonly activeJob: ActiveJob | null;
  readonly lastOutcome: LastOutcome | null;
  readonly inputFile: { readonly isArchived: boolean; readonly modifiedAt: Date } | null;
}

/** Why the datastore may not hold what it should, in whole sentences, the most telling first; empty when nothing speaks against it. */
export function whyNotCurrent(facts: CurrencyFacts): string[] {
  return [...sentencesOnJob(facts.activeJob), ...sentencesOnOutcome(facts.lastOutcome), ...sentencesOnFile(facts)];
}

function sentencesOnJob(job: ActiveJob | null): string[] {
  if (!job) return [];
  if (job.status === 'queued') return [`Job ${job.jobId} (${job.operation}) has been waiting since ${job.createdAt.toISOString()}.`];
  const holder = job.workerId === null ? '' : ` on ${job.workerId}`;
  const progress = job.percent === null ? '' : `, ${job.percent} %`;
  return [`Job ${job.jobId} (${job.operation}) is ${job.phase ?? job.status}${holder}${progress}.`];
}

function sentencesOnOutcome(outcome: LastOutcome | null): string[] {
  if (!outcome || outcome.status === 'completed') return [];
  const ended = outcome.status === 'cancelled' ? 'was cancelled' : outcome.status;
  return [`The last job, ${outcome.jobId} (${outcome.action.join(' ')}), ${ended} at ${outcome.at.toISOString()}.`];
}

/** Workers remove the file of a job that went well: one that is left was not imported. */
function sentencesOnFile({ name, activeJob, inputFile }: CurrencyFacts): string[] {
  if (!inputFile || activeJob) return [];
  return inputFile.isArchived
    ? [`The file ${name}.tar of an import that did not end well is still in the archive.`]
    : [`The file ${name}.tar, changed at ${inputFile.modifiedAt.toISOString()}, is waiting in the input folder and no job imports it.`];
}
