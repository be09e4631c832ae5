import type { HttpClient, Reply } from './http-client.js';
import { parseJobList, parseMaintenance, type ParsedJob } from './strict-job-parser.js';

/** The requests of the worker, character for character. @see contracts/jobs.md 12.1 */
export const workerQueries = {
  inProgress: '/jobs?ignoreCompleted=true',
  maintenance: '/maintenance-status',
  latestMaintenance: '/maintenance-statuses/latest',
  built: '/jobs?status=built',
  managed: '/jobs?status=queued&operation=SET_STATUS,BUMP,DELETE_DRAFT,REMOVE,ROLLBACK_REMOVE,DELETE_ARCHIVE',
  managedWithKeys: '/jobs?status=queued&operation=SET_STATUS,BUMP,DELETE_DRAFT,REMOVE,ROLLBACK_REMOVE,DELETE_ARCHIVE,GENERATE_RSA_KEYS',
  imported: '/jobs?status=queued&operation=PATCH_METADATA,ADD,CHANGE',
} as const;

/** Which of the three examined versions of the worker is played. */
export type Pin = 'A' | 'B' | 'C';

type Put = { readonly status: string; readonly log?: string } | { readonly description: string };

const building: readonly Put[] = [{ status: 'initiated' }, { status: 'decrypting' }, { status: 'validating' }];

/** The PUTs of an import up to `built`, in the observed order. @see contracts/jobs.md 6 */
export function buildingPuts(operation: string, description: string): readonly Put[] {
  const afterwards = operation === 'PATCH_METADATA' ? ['transforming'] : ['transforming', 'pseudonymizing', 'partitioning'];
  return [...building, { description }, ...[...afterwards, 'built'].map((status) => ({ status }))];
}

/** What an import finds when it looks at the input. */
export interface ImportInput {
  /** Moves the tar to the archive, as the worker does before it builds. Null: nothing there to import. `failure`: it cannot be built. */
  take(datasetName: string): Promise<{ readonly description: string } | { readonly failure: string } | null>;
  /** Removes the archived copy once the dataset is imported. */
  discard(datasetName: string): Promise<void>;
}

/** An input where every dataset is found. */
const boundlessInput: ImportInput = {
  take: (datasetName) => Promise.resolve({ description: `about ${datasetName}` }),
  discard: () => Promise.resolve(),
};

/** The worker treats every status but 200 as a failure. */
class WorkerHttpError extends Error {
  constructor(reply: Reply) {
    super(`${reply.status}: ${reply.text}`);
  }
}

/** How a worker is played. */
export interface ExecutorOptions {
  readonly pin?: Pin;
  readonly input?: ImportInput;
  /** Sent with each request: the real worker sends none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Told of each step in one line. */
  readonly report?: (line: string) => void;
}

/**
 * A worker that behaves as the real one: recovers at its start, polls with the same queries, drops a list with one job it cannot read, takes only 200 for
 * success, and PUTs the observed sequences. It has no claim step: two of them on one service would both run the same job.
 * @see contracts/jobs.md 6, 12
 */
export class Executor {
  readonly #headers: Readonly<Record<string, string>>;
  readonly #input: ImportInput;
  readonly #report: (line: string) => void;

  constructor(
    private readonly http: HttpClient,
    private readonly options: ExecutorOptions = {},
  ) {
    this.#headers = options.headers ?? {};
    this.#input = options.input ?? boundlessInput;
    this.#report = options.report ?? (() => undefined);
  }

  /**
   * Sets the jobs that an earlier run left behind back or to failed.
   * @throws where the real worker refuses to start: at an interrupted DELETE_ARCHIVE, and when the list cannot be read.
   */
  async recover(): Promise<void> {
    for (const job of await this.#list(workerQueries.inProgress)) {
      if (job.status !== 'queued' && job.status !== 'built') await this.#put(job.jobId, recoveryOf(job));
    }
  }

  /** One round of polls and the jobs that they bring. Returns how many jobs it worked on. */
  async round(): Promise<number> {
    const paused = await this.#isPaused();
    const built = await this.#list(workerQueries.built);
    const managed = paused ? [] : await this.#list(this.options.pin === 'C' ? workerQueries.managedWithKeys : workerQueries.managed);
    const imported = paused ? [] : await this.#list(workerQueries.imported);
    for (const job of built) await this.#import(job);
    for (const job of managed) await this.#manage(job);
    for (const job of imported) await this.#build(job);
    return built.length + managed.length + imported.length;
  }

  /** Rounds until one finds nothing to do. */
  async drain(): Promise<void> {
    while ((await this.round()) > 0);
  }

  async #isPaused(): Promise<boolean> {
    const path = (this.options.pin ?? 'A') === 'A' ? workerQueries.maintenance : workerQueries.latestMaintenance;
    return parseMaintenance((await this.#get(path)).text).paused;
  }

  async #manage(job: ParsedJob): Promise<void> {
    await this.#putAll(job, [{ status: 'initiated' }, { status: 'completed' }]);
  }

  async #build(job: ParsedJob): Promise<void> {
    const found = await this.#input.take(job.parameters.target);
    if (!found) return this.#putAll(job, [{ status: 'failed', log: 'No such dataset available for import' }]);
    if ('failure' in found) return this.#putAll(job, [{ status: 'initiated' }, { status: 'failed', log: found.failure }]);
    await this.#putAll(job, buildingPuts(job.parameters.operation, found.description));
  }

  async #import(job: ParsedJob): Promise<void> {
    await this.#putAll(job, [{ status: 'importing' }]);
    await this.#input.discard(job.parameters.target);
    await this.#putAll(job, [{ status: 'completed' }]);
  }

  async #putAll(job: ParsedJob, puts: readonly Put[]): Promise<void> {
    for (const put of puts) {
      await this.#put(job.jobId, put);
      this.#report(
        `${job.parameters.operation} ${job.parameters.target}: ${'status' in put ? [put.status, put.log].filter(Boolean).join(', ') : put.description}`,
      );
    }
  }

  async #get(path: string): Promise<Reply> {
    const reply = await this.http.get(path, this.#headers);
    if (reply.status !== 200) throw new WorkerHttpError(reply);
    return reply;
  }

  async #list(path: string): Promise<ParsedJob[]> {
    return parseJobList((await this.#get(path)).text);
  }

  async #put(jobId: string, put: Put): Promise<void> {
    const reply = await this.http.put(`/jobs/${jobId}`, put, this.#headers);
    if (reply.status !== 200) throw new WorkerHttpError(reply);
  }
}

function recoveryOf(job: ParsedJob): Put {
  switch (job.parameters.operation) {
    case 'ADD':
    case 'CHANGE':
    case 'PATCH_METADATA':
      return job.status === 'importing'
        ? { status: 'built', log: 'Reset to built status will be due to unexpected interruption' }
        : { status: 'failed', log: 'Job was failed due to an unexpected interruption' };
    case 'SET_STATUS':
    case 'DELETE_DRAFT':
    case 'REMOVE':
    case 'ROLLBACK_REMOVE':
      return { status: 'queued', log: 'Retrying due to an unexpected interruption.' };
    case 'BUMP':
      return { status: 'failed', log: 'Bump operation was interrupted and rolled back.' };
    default:
      throw new Error(`the worker refuses to start: it cannot recover ${job.parameters.operation}`);
  }
}
