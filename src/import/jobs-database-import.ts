import { isFinal } from '../jobs/jobs-lifecycle.js';
import type { TargetOutcome } from '../targets/targets.schema.js';
import { type JobReading, type OriginalPlace, readOriginalJob, type TakenJob } from './job-takeover.js';
import type { DatabasePlace, ImportOptions } from './import-options.js';
import { takeMaintenance } from './maintenance-takeover.js';
import { instantOf, isTimeZone } from './naive-time.js';
import { labelOf, type OriginalJob, type OriginalTarget, userOf } from './original-documents.js';
import { OriginalStore } from './original.store.js';
import { datasetNameFault } from '../common/names.js';
import { ImportLedger, type ImportReport } from './report.js';
import { type JobTakeover, TakeoverStore } from './takeover.store.js';

/** Thrown when an import cannot begin; the message says what to do. */
export class ImportRefusedError extends Error {
  constructor(
    readonly why: 'wrong-use' | 'unavailable',
    message: string,
  ) {
    super(message);
    this.name = 'ImportRefusedError';
  }
}

/** What a job that was not taken is told as. */
const refusals: Partial<Record<JobTakeover, string>> = {
  busy: 'its dataset has another active job in Signalbox',
  'changed-here': 'it has been changed in Signalbox since it was taken',
};

/** An address without its password. */
const shownUrl = (url: string): string => url.replace(/\/\/[^@/]*@/, '//');

async function connected<T>(connect: Promise<T>, { url }: DatabasePlace): Promise<T> {
  try {
    return await connect;
  } catch (error) {
    throw new ImportRefusedError(
      'unavailable',
      `${shownUrl(url)} does not answer: ${(error as Error).message.replaceAll(url, shownUrl(url))}`,
    );
  }
}

/** The last outcome of each target, to know which job its row is about. */
class LastJobs {
  private readonly byTarget = new Map<string, { jobId: string; at: Date }>();

  note({ _id, datasetName, finishedAt, parameters }: TakenJob): void {
    if (finishedAt === null) return;
    const named = parameters.bumpManifesto?.dataStructureUpdates.map(({ name }) => name) ?? [];
    for (const name of [datasetName, ...named]) {
      const known = this.byTarget.get(name);
      if (!known || known.at <= finishedAt) this.byTarget.set(name, { jobId: _id, at: finishedAt });
    }
  }

  idOf(name: string): string | null {
    return this.byTarget.get(name)?.jobId ?? null;
  }
}

/** Finished jobs that are written together: a write waits for the majority of the database. */
const atOnce = 500;
/** Or fewer, when their logs are long: so many bytes of them. */
const bytesAtOnce = 8_388_608;
/** Unfinished jobs that are written in parallel, each by itself. */
const unfinishedAtOnce = 16;

/** When each dataset of some jobs first appeared. */
function firstSeenOf(jobs: readonly TakenJob[]): Map<string, Date> {
  const firstSeen = new Map<string, Date>();
  for (const { datasetName, createdAt } of jobs) {
    const known = firstSeen.get(datasetName);
    if (!known || createdAt < known) firstSeen.set(datasetName, createdAt);
  }
  return firstSeen;
}

type ReadJob = Exclude<JobReading, { refusal: string }>;

/** One run of an import, from the first document to the report. */
class JobsDatabaseImport {
  private readonly ledger: ImportLedger;
  private readonly lastJobs = new LastJobs();
  /** Targets that an unfinished job of the source holds already. */
  private readonly held = new Map<string, string>();
  private done = 0;
  private total = 0;
  /** Jobs whose log begins before they were created: then the zone is wrong. */
  private early = 0;

  constructor(
    private readonly source: OriginalStore,
    private readonly store: TakeoverStore,
    private readonly options: ImportOptions,
  ) {
    this.ledger = new ImportLedger(options.dryRun);
  }

  async run(): Promise<ImportReport> {
    const { inprogress, completed, targets, maintenance } = await this.source.counts();
    this.total = inprogress + completed + targets + maintenance;
    if (!this.options.dryRun) await this.store.prepare();
    const finishedIds = await this.takeJobs('completed', new Set());
    await this.takeJobs('inprogress', finishedIds);
    if (this.early > 0)
      this.ledger.note(
        'job',
        `${this.early} jobs`,
        `have log lines from before they were created by ${this.options.zone} time: check --source-zone`,
      );
    for await (const row of this.source.targets()) await this.takeTarget(row);
    await takeMaintenance({ records: await this.source.maintenance(), store: this.store, ledger: this.ledger, options: this.options });
    this.options.onProgress?.(this.total, this.total);
    return this.ledger.report();
  }

  /** @returns the ids that were read */
  private async takeJobs(place: OriginalPlace, elsewhere: ReadonlySet<string>): Promise<Set<string>> {
    const ids = new Set<string>();
    let batch: ReadJob[] = [];
    let bytes = 0;
    for await (const original of this.source.jobs(place)) {
      this.ledger.found('job');
      const id = labelOf(original.jobId);
      const reading =
        ids.has(id) || elsewhere.has(id)
          ? { refusal: 'the source has it twice; the finished, else the first, was taken' }
          : this.read(original, place);
      if (typeof original.jobId === 'string') ids.add(id);
      if ('refusal' in reading) this.ledger.refuse('job', id, reading.refusal);
      else batch.push(reading);
      bytes += 'refusal' in reading ? 0 : reading.job.logBytes;
      if (batch.length === atOnce || bytes > bytesAtOnce) {
        await this.takeBatch(batch);
        [batch, bytes] = [[], 0];
      }
      this.step();
    }
    await this.takeBatch(batch);
    return ids;
  }

  /** The job as it would be taken, or why it cannot be, as far as the source alone tells. */
  private read(original: OriginalJob, place: OriginalPlace): JobReading {
    const reading = readOriginalJob(original, place, this.options.zone);
    if ('refusal' in reading) return reading;
    const { job } = reading;
    if ((job.log[0]?.at ?? job.createdAt) < job.createdAt) this.early++;
    if (isFinal(job.status)) return reading;
    const holder = this.held.get(job.datasetName);
    if (holder !== undefined) return { refusal: `its target ${job.datasetName} has the active job ${holder} already` };
    this.held.set(job.datasetName, job._id);
    return reading;
  }

  private async takeBatch(batch: readonly ReadJob[]): Promise<void> {
    const jobs = batch.map(({ job }) => job);
    const outcomes = new Map([
      ...(await this.takeFinished(jobs.filter(({ status }) => isFinal(status)))),
      ...(await this.takeUnfinished(jobs.filter(({ status }) => !isFinal(status)))),
    ]);
    if (!this.options.dryRun) await this.store.knowTargets(firstSeenOf(jobs));
    for (const { job, notes } of batch) {
      const outcome = outcomes.get(job._id)!;
      const refusal = refusals[outcome];
      if (refusal) this.ledger.refuse('job', job._id, refusal);
      else this.ledger.done('job', outcome as 'taken' | 'updated' | 'unchanged');
      if (!refusal) for (const note of notes) this.ledger.note('job', job._id, note);
      this.lastJobs.note(job);
    }
  }

  private takeFinished(jobs: readonly TakenJob[]): Promise<Map<string, JobTakeover>> {
    return this.options.dryRun ? this.store.previewFinished(jobs) : this.store.takeFinished(jobs);
  }

  private async takeUnfinished(jobs: readonly TakenJob[]): Promise<Map<string, JobTakeover>> {
    const outcomes = new Map<string, JobTakeover>();
    for (let from = 0; from < jobs.length; from += unfinishedAtOnce) {
      const some = jobs.slice(from, from + unfinishedAtOnce);
      const taken = await Promise.all(some.map((job) => (this.options.dryRun ? this.store.preview(job) : this.store.take(job))));
      for (const [index, { _id }] of some.entries()) outcomes.set(_id, taken[index]!);
    }
    return outcomes;
  }

  private async takeTarget(row: OriginalTarget): Promise<void> {
    this.ledger.found('target');
    this.step();
    const name = labelOf(row.name);
    const fault = typeof row.name === 'string' ? datasetNameFault(row.name) : 'is no text';
    if (fault) return this.ledger.refuse('target', name, `its name ${fault}`);
    const at = instantOf(row.lastUpdatedAt, this.options.zone);
    if (!at) return this.ledger.refuse('target', name, `its lastUpdatedAt ${JSON.stringify(row.lastUpdatedAt)} is no time`);
    const known = await this.store.findTarget(name);
    const outcome = this.outcomeOf(row, name, at);
    const derived = outcome === null && (known !== null || this.held.has(name));
    if (derived || (known?.outcome && known.outcome.at >= at)) return this.ledger.done('target', 'unchanged');
    if (!this.options.dryRun) await this.store.takeTarget(name, at, outcome);
    this.ledger.done('target', known?.outcome ? 'updated' : 'taken');
  }

  /** The row of a target with an active job tells of that job; here that is derived from the job itself. */
  private outcomeOf({ status, action, lastUpdatedBy }: OriginalTarget, name: string, at: Date): TargetOutcome | null {
    if (status !== 'completed' && status !== 'failed') return null;
    const words = Array.isArray(action) ? action.filter((word): word is string => typeof word === 'string') : [];
    return { status, action: words, by: userOf(lastUpdatedBy), jobId: this.lastJobs.idOf(name) ?? 'unknown', at };
  }

  private step(): void {
    this.options.signal?.throwIfAborted();
    this.options.onProgress?.(++this.done, Math.max(this.total, this.done));
  }
}

/**
 * Takes over jobs, targets and maintenance history from a database of the original job service. The source is only read. May be repeated, also while both
 * services run: the same ids are the same documents, what has moved on in the source is brought up to date, what has been changed here is left alone.
 * @throws ImportRefusedError when a database does not answer or the zone is unknown
 */
export async function importJobsDatabase(options: ImportOptions): Promise<ImportReport> {
  if (!isTimeZone(options.zone))
    throw new ImportRefusedError('wrong-use', `${options.zone} is no time zone; write one such as Europe/Oslo or UTC.`);
  const source = await connected(OriginalStore.connect(options.source), options.source);
  try {
    const store = await connected(TakeoverStore.connect(options.target), options.target);
    try {
      return await new JobsDatabaseImport(source, store, options).run();
    } finally {
      await store.close();
    }
  } finally {
    await source.close();
  }
}
