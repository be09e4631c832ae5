import { Injectable } from '@nestjs/common';
import type { Caller } from '../common/caller.js';
import { type Page, readPage } from '../common/http/page.js';
import { type HeldJob, HeldWorkRegistry, type WaitingOperation } from './held-work.js';
import { WorkerRegistry } from './worker-registry.js';
import { WorkerBusyError, WorkerNotFoundError } from './workers.errors.js';
import { type WorkerState, workerStates } from './workers-lifecycle.js';
import { type StoredWorker, WorkersStore } from './workers.store.js';

/** A worker with what it holds. */
export interface WorkerView extends StoredWorker {
  readonly jobs: readonly HeldJob[];
}

/** Which page of workers. */
export interface WorkerPageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly count?: 'estimate' | 'exact' | undefined;
  readonly state?: WorkerState | undefined;
}

/** Shows workers, drains them and forgets them. */
@Injectable()
export class WorkersService {
  constructor(
    private readonly store: WorkersStore,
    private readonly work: HeldWorkRegistry,
    private readonly registry: WorkerRegistry,
  ) {}

  /** A page of workers, by name. @throws CursorInvalidError */
  async page({ limit, cursor, count, state }: WorkerPageRequest): Promise<Page<WorkerView>> {
    const page = await readPage<StoredWorker>({
      limit,
      cursor,
      boundTo: ['workers', state],
      keyOf: (worker) => [worker.workerId],
      keyTypes: ['string'],
      read: (place, wanted) => {
        const name = String(place?.key[0]);
        return this.store.list({ state, limit: wanted, ...(place && (place.direction === 'after' ? { after: name } : { before: name })) });
      },
    });
    const items = await this.withJobs(page.items);
    return { ...page, items, ...(count && { count: { value: await this.store.count(state), exact: true } }) };
  }

  /** Operations whose jobs wait and that no worker can run now. */
  async unserved(): Promise<WaitingOperation[]> {
    const [waiting, served] = await Promise.all([this.work.listWaitingOperations(), this.registry.servedOperations()]);
    return waiting.filter(({ operation }) => !served.has(operation));
  }

  /** @throws WorkerNotFoundError */
  async get(workerId: string): Promise<WorkerView> {
    return this.shown(workerId, await this.store.findByName(workerId));
  }

  /** Gives a worker nothing more from now on. Safe to repeat. @throws WorkerNotFoundError */
  async drain(workerId: string, reason: string, caller: Caller): Promise<WorkerView> {
    return this.shown(workerId, await this.store.drain(workerId, reason, caller));
  }

  /** Lifts a drain. Safe to repeat. @throws WorkerNotFoundError */
  async undrain(workerId: string, caller: Caller): Promise<WorkerView> {
    return this.shown(workerId, await this.store.undrain(workerId, caller));
  }

  /**
   * Forgets a worker, until it claims again.
   * @throws WorkerNotFoundError; WorkerBusyError while it holds a job
   */
  async forget(workerId: string, caller: Caller): Promise<void> {
    const held = (await this.work.findHeldBy([workerId])).get(workerId) ?? [];
    if (held.length > 0)
      throw new WorkerBusyError(
        workerId,
        held.map(({ jobId }) => jobId),
      );
    if (!(await this.store.forget(workerId, caller))) throw new WorkerNotFoundError(workerId);
  }

  /** How many workers are in each state. */
  async countByState(): Promise<Record<WorkerState, number>> {
    const counts = await Promise.all(workerStates.map(async (state) => [state, await this.store.count(state)] as const));
    return Object.fromEntries(counts) as Record<WorkerState, number>;
  }

  private async shown(workerId: string, worker: StoredWorker | null): Promise<WorkerView> {
    if (!worker) throw new WorkerNotFoundError(workerId);
    const [view] = await this.withJobs([worker]);
    return view!;
  }

  private async withJobs(workers: readonly StoredWorker[]): Promise<WorkerView[]> {
    const held = await this.work.findHeldBy(workers.map(({ workerId }) => workerId));
    return workers.map((worker) => ({ ...worker, jobs: held.get(worker.workerId) ?? [] }));
  }
}
