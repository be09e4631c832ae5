import { validate as isUuid } from 'uuid';
import { datasetNameFault } from '../common/names.js';
import { isReferenceOperation } from '../common/operations.js';
import { systemCaller } from '../common/caller.js';
import { insertionOf } from '../jobs/job-changes.js';
import { keptParameters, missingParameters } from '../jobs/job-parameters.js';
import {
  compatStatuses,
  type CompatStatus,
  datastoreTarget,
  isFinal,
  type JobParameters,
  type JobState,
  type JobStatus,
  reportedState,
} from '../jobs/jobs-lifecycle.js';
import type { JobAttempt, JobDocument, JobLogLine } from '../jobs/jobs.schema.js';
import { instantOf } from './naive-time.js';
import { type OriginalJob, userOf } from './original-documents.js';

/** A job as it will be stored, all but its version and its unrelayed changes. */
export type TakenJob = Omit<JobDocument, 'version' | 'outbox'>;

/** A job that can be taken, with what is different from the source; or why it cannot. */
export type JobReading = { readonly job: TakenJob; readonly notes: readonly string[] } | { readonly refusal: string };

/** Where a job of the source lies: unfinished or finished. */
export type OriginalPlace = 'inprogress' | 'completed';

const maxLineBytes = 4_096;
const maxLogBytes = 262_144;
const importCaller = systemCaller('import');

/** The text cut at 4 KiB, as every log line here. */
function cutLine(text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  return bytes.length <= maxLineBytes
    ? text
    : bytes
        .subarray(0, maxLineBytes)
        .toString('utf8')
        .replace(/\uFFFD+$/, '');
}

/** The lines of a log; those without a time get the one before. The oldest are kept where there are too many. */
function logOf(original: OriginalJob, createdAt: Date, notes: string[]): { log: JobLogLine[]; logBytes: number } {
  const log: JobLogLine[] = [];
  let logBytes = 0;
  let at = createdAt;
  for (const line of original.log ?? []) {
    at = instantOf(line.at, 'UTC') ?? at;
    const message = cutLine(typeof line.message === 'string' ? line.message : '');
    logBytes += Buffer.byteLength(message);
    if (logBytes > maxLogBytes) {
      notes.push('its log is longer than 256 KiB and was cut');
      log.push({ at, message: 'log full' });
      return { log, logBytes: maxLogBytes + 1 };
    }
    log.push({ at, message });
  }
  return { log, logBytes };
}

/** The manifesto of an older BUMP may lack `updateType`, which the original then could not show any more (J-9): null is what was meant. */
function parametersOf(operation: string, stored: Readonly<Record<string, unknown>>, notes: string[]): JobParameters | string {
  if (!isReferenceOperation(operation)) return `its operation ${operation} is unknown`;
  const manifesto = stored['bumpManifesto'] as { updateType?: string | null } | undefined;
  const offered = manifesto ? { ...stored, bumpManifesto: { ...manifesto, updateType: manifesto.updateType ?? null } } : stored;
  if (manifesto && manifesto.updateType === undefined) notes.push('its manifesto had no updateType, which is null now');
  if (missingParameters(operation, offered)) return `parameters that ${operation} needs are missing`;
  const description = typeof stored['description'] === 'string' ? { description: stored['description'] } : {};
  return { ...keptParameters(operation, offered), ...description };
}

/** State and place may contradict each other after a crash of the original (J-1): the place decides, because the original moved a job before it wrote its state. */
function stateOf(word: CompatStatus, place: OriginalPlace, notes: string[]): JobState {
  const state = reportedState(word);
  if (place === 'inprogress' || isFinal(state.status)) return state;
  notes.push(`it lay among the completed jobs as ${word}; how it ended is unknown, so it is failed`);
  return { status: 'failed', phase: null };
}

const lineAt = (log: readonly JobLogLine[], message: string): Date | null => log.find((line) => line.message === message)?.at ?? null;
const lastLineAt = (log: readonly JobLogLine[], message: string): Date | null =>
  log.findLast((line) => line.message === message)?.at ?? null;

interface Times {
  readonly startedAt: Date | null;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
}

/** The original keeps one time; the others stand in its log. */
function timesOf(word: CompatStatus, { status }: JobState, { log, createdAt }: { log: readonly JobLogLine[]; createdAt: Date }): Times {
  const updatedAt = log.at(-1)?.at ?? createdAt;
  const started = lineAt(log, 'Set status: initiated');
  return {
    startedAt: started ?? (status === 'running' ? createdAt : null),
    updatedAt,
    finishedAt: isFinal(status) ? (lastLineAt(log, `Set status: ${word}`) ?? updatedAt) : null,
  };
}

/** Only the last run is known, and only by its first line; earlier ones are counted. */
function attemptsOf(
  status: JobStatus,
  times: Times,
  { log, error }: { log: readonly JobLogLine[]; error: TakenJob['error'] },
): { attempt: number; attempts: JobAttempt[] } {
  const starts = log.filter(({ message }) => message === 'Set status: initiated').length;
  const attempt = Math.max(starts, times.startedAt ? 1 : 0);
  const startedAt = lastLineAt(log, 'Set status: initiated') ?? times.startedAt;
  if (attempt === 0 || startedAt === null || status === 'queued') return { attempt, attempts: [] };
  const outcome = status === 'completed' || status === 'failed' ? status : null;
  return {
    attempt,
    attempts: [{ attempt, workerId: null, startedAt, endedAt: times.finishedAt, outcome, error, phases: [], leaseMark: null }],
  };
}

function errorOf(status: JobStatus, log: readonly JobLogLine[]): TakenJob['error'] {
  if (status !== 'failed') return null;
  const said = log.findLast(({ message }) => message !== '' && !message.startsWith('Set status: '));
  return { code: 'ORIGINAL.FAILED', message: said?.message ?? 'The original says no more.', details: null };
}

interface Checked {
  readonly jobId: string;
  readonly word: CompatStatus;
  readonly datasetName: string;
  readonly operation: string;
  readonly createdAt: Date;
}

function checked(original: OriginalJob, zone: string): Checked | string {
  const { jobId, status, parameters } = original;
  if (typeof jobId !== 'string' || !isUuid(jobId)) return 'its id is no UUID';
  const target = parameters?.['target'];
  if (typeof target !== 'string') return 'it names no target';
  const fault = datasetNameFault(target);
  if (fault) return `its target ${JSON.stringify(target)} ${fault}`;
  if (!(compatStatuses as readonly unknown[]).includes(status)) return `its status ${JSON.stringify(status)} is unknown`;
  const operation = parameters?.['operation'];
  if (typeof operation !== 'string') return 'it names no operation';
  if (operation === 'BUMP' && target !== datastoreTarget) return `its target is not ${datastoreTarget}, which a BUMP must have`;
  const createdAt = instantOf(original.createdAt, zone);
  if (!createdAt) return `its createdAt ${JSON.stringify(original.createdAt)} is no time`;
  return { jobId, word: status as CompatStatus, datasetName: target, operation, createdAt };
}

/**
 * Reads one job of the original. Pure: the same document always gives the same job.
 * @param zone the time zone of the original's service, whose `createdAt` is local
 */
export function readOriginalJob(original: OriginalJob, place: OriginalPlace, zone: string): JobReading {
  const facts = checked(original, zone);
  if (typeof facts === 'string') return { refusal: facts };
  const { jobId, word, datasetName, operation, createdAt } = facts;
  const notes: string[] = [];
  const parameters = parametersOf(operation, original.parameters ?? {}, notes);
  if (typeof parameters === 'string') return { refusal: parameters };
  if (original.createdBy == null) notes.push('nobody is known as its creator');
  const state = stateOf(word, place, notes);
  const { log, logBytes } = logOf(original, createdAt, notes);
  const times = timesOf(word, state, { log, createdAt });
  const error = errorOf(state.status, log);
  const job = {
    ...freshJob({ jobId, datasetName, operation, parameters, createdBy: userOf(original.createdBy) }),
    ...state,
    percent: state.status === 'completed' ? 100 : null,
    ...times,
    ...attemptsOf(state.status, times, { log, error }),
    error,
    createdAt,
    rank: createdAt,
    log,
    logBytes,
  };
  return { job, notes };
}

/** A queued job as the service itself would make it, so that fields which the original does not have are what they are for every new job. */
function freshJob({
  jobId,
  ...fields
}: Pick<TakenJob, 'datasetName' | 'operation' | 'parameters' | 'createdBy'> & { jobId: string }): TakenJob {
  const job = {
    ...fields,
    extraParameters: null,
    priority: 'normal' as const,
    notBefore: null,
    dueAt: null,
    duePausedMs: 0,
    tags: [],
    maxFailures: 3,
    maxLosses: 3,
    runBudgetSeconds: null,
    traceId: null,
    retryOf: null,
    reason: null,
  };
  return insertionOf(jobId, job, { caller: importCaller, after: null }).document as unknown as TakenJob;
}
