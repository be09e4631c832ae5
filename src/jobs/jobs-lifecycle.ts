/**
 * The life of a job.
 *
 * A job is **queued** until a worker takes it, then **running**, in a phase or (just taken) in none. It may go back to queued any number of times. It ends
 * once, as **completed**, **failed** or **cancelled**, and never changes after that. Queued and running jobs hold their dataset: there is one of them for a
 * dataset at most.
 *
 * A worker of the original job service drives its job by status reports. Each names one of thirteen words; `reportedState` says what they mean here. Any
 * word may follow any other while the job is unfinished. Reporting the state that the job is in already only adds to its log.
 * A worker of the native protocol claims a job and holds it by a **lease**: a random token that it sends with every word, and a time by which the next word must
 * come. It completes the job, fails it (it then waits for its next attempt, or ends as failed), snoozes it or gives it back. When the lease has ended and nobody
 * spoke, the job goes back to queued, or ends as failed when that happened too often. A leased job takes no status reports.
 *
 * A person may ask for a running job to be cancelled: it then ends as cancelled as soon as its worker fails it or gives it back, or is lost, but not if it
 * completes. An operator may take a running job from whoever holds it.
 */

export const unfinishedStatuses = ['queued', 'running'] as const;
export const finalStatuses = ['completed', 'failed', 'cancelled'] as const;
export type FinalStatus = (typeof finalStatuses)[number];

/** States of a job: the unfinished ones and the final ones. */
export const jobStatuses = [...unfinishedStatuses, ...finalStatuses] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** True for the three states that never change. */
export const isFinal = (status: JobStatus): status is FinalStatus => (finalStatuses as readonly string[]).includes(status);

/** What a running job is doing. `built` is reported by workers of the original only. */
export const jobPhases = [
  'validating',
  'decrypting',
  'transforming',
  'pseudonymizing',
  'enriching',
  'converting',
  'partitioning',
  'built',
  'importing',
] as const;
export type JobPhase = (typeof jobPhases)[number];

/** The only target that a BUMP can have. */
export const datastoreTarget = 'DATASTORE';

export const priorities = ['low', 'normal', 'high'] as const;
export type Priority = (typeof priorities)[number];

const minuteMs = 60_000;

/** How much later than its time a job of this priority is claimed, in milliseconds: priorities order, but nothing starves. */
export const priorityDelayMs = { low: 60 * minuteMs, normal: 0, high: -60 * minuteMs } as const satisfies Record<Priority, number>;

/** The status words of the original job service, in its order. @see contracts/jobs.md 6 */
export const compatStatuses = ['queued', 'initiated', ...jobPhases, 'completed', 'failed'] as const;
export type CompatStatus = (typeof compatStatuses)[number];

/** State and phase of an unfinished job, or the end of a finished one. */
export interface JobState {
  readonly status: JobStatus;
  /** Null unless running. */
  readonly phase: JobPhase | null;
}

/** The word under which the original's clients see a state. */
export function compatStatusOf({ status, phase }: JobState): CompatStatus {
  if (status === 'running') return phase ?? 'initiated';
  return status === 'cancelled' ? 'failed' : status;
}

/** What a status report of the original's workers says. */
export function reportedState(word: CompatStatus): JobState {
  if (word === 'queued' || word === 'completed' || word === 'failed') return { status: word, phase: null };
  return { status: 'running', phase: word === 'initiated' ? null : word };
}

/** The statuses of ours that a word of the original's filter selects. */
export const statusesShownAs = (word: CompatStatus): readonly JobStatus[] =>
  word === 'failed' ? ['failed', 'cancelled'] : [reportedState(word).status];

/** What a job's target row says about the job. @see contracts/jobs.md 7 */
export function targetActionOf(operation: string, parameters: JobParameters): string[] {
  if (operation === 'SET_STATUS') return [operation, parameters.releaseStatus ?? ''];
  if (operation === 'BUMP') return [operation, parameters.bumpFromVersion ?? '', parameters.bumpToVersion ?? ''];
  return [operation];
}

/** One dataset in a BUMP's manifesto. */
export interface DataStructureUpdate {
  readonly name: string;
  readonly description: string;
  readonly operation: string;
  readonly releaseStatus: string;
}

/** What a BUMP releases. */
export interface BumpManifesto {
  readonly version: string;
  readonly description: string;
  readonly releaseTime: number;
  readonly languageCode: string;
  /** Null is meant, and shown as null. */
  readonly updateType: string | null;
  readonly dataStructureUpdates: readonly DataStructureUpdate[];
}

/** Parameters of a job beside operation and target; which of them are there depends on the operation. */
export interface JobParameters {
  readonly releaseStatus?: string;
  readonly description?: string;
  readonly bumpManifesto?: BumpManifesto;
  readonly bumpFromVersion?: string;
  readonly bumpToVersion?: string;
}

/** A row that a completed BUMP leaves on a dataset of its manifesto. */
export interface ManifestoOutcome {
  readonly name: string;
  readonly action: readonly string[];
}

/** The rows that a completed BUMP leaves: drafts are not touched, a name that stands twice takes its last entry. @see contracts/jobs.md 7 */
export function manifestoOutcomes(operation: string, parameters: JobParameters): ManifestoOutcome[] {
  if (operation !== 'BUMP') return [];
  const updates = parameters.bumpManifesto?.dataStructureUpdates ?? [];
  const rows = updates
    .filter((update) => update.releaseStatus !== 'DRAFT')
    .map(
      ({ name, releaseStatus }) =>
        [name, [releaseStatus === 'PENDING_RELEASE' ? 'RELEASED' : 'REMOVED', parameters.bumpToVersion ?? '']] as const,
    );
  return [...new Map(rows)].map(([name, action]) => ({ name, action }));
}
