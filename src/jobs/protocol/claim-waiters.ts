/** Why a waiting claim goes on: there may be a job for it, its time is over, or nothing will come any more. */
export type WaitEnd = 'woken' | 'time' | 'ended';

interface Waiter {
  readonly workerId: string;
  readonly operations: readonly string[];
  readonly end: (how: WaitEnd) => void;
}

/**
 * The claims of this process that wait for a job: one list for each operation, first come first served; a claim of several operations stands in several lists.
 * A wake of an operation releases one claim, which leaves all its lists.
 */
export class ClaimWaiters {
  private readonly lists = new Map<string, Set<Waiter>>();
  private readonly all = new Set<Waiter>();

  /** Operations that somebody waits for. */
  get operations(): readonly string[] {
    return [...this.lists.keys()];
  }

  /** Workers that wait. */
  get workerIds(): readonly string[] {
    return [...new Set([...this.all].map(({ workerId }) => workerId))];
  }

  get size(): number {
    return this.all.size;
  }

  /** Waits at the end of its lists; also ends with the signal, as `ended`. */
  wait({
    workerId,
    operations,
    ms,
    signal,
  }: {
    workerId: string;
    operations: readonly string[];
    ms: number;
    signal: AbortSignal;
  }): Promise<WaitEnd> {
    if (signal.aborted) return Promise.resolve('ended');
    return new Promise((resolve) => {
      const end = (how: WaitEnd): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.remove(waiter);
        resolve(how);
      };
      const onAbort = (): void => end('ended');
      const timer = setTimeout(() => end('time'), ms);
      signal.addEventListener('abort', onAbort);
      const waiter: Waiter = { workerId, operations, end };
      this.add(waiter);
    });
  }

  /** Releases the claim that has waited longest for the operation, if there is one. */
  wake(operation: string): void {
    const [first] = this.lists.get(operation) ?? [];
    first?.end('woken');
  }

  /** Releases every claim of these workers, for a new look at what they may do. */
  wakeWorkers(concerns: (workerId: string) => boolean): void {
    for (const waiter of [...this.all]) if (concerns(waiter.workerId)) waiter.end('woken');
  }

  /** Ends all waiting. */
  endAll(): void {
    for (const waiter of [...this.all]) waiter.end('ended');
  }

  private add(waiter: Waiter): void {
    this.all.add(waiter);
    for (const operation of waiter.operations) {
      const list = this.lists.get(operation) ?? new Set();
      this.lists.set(operation, list.add(waiter));
    }
  }

  private remove(waiter: Waiter): void {
    this.all.delete(waiter);
    for (const operation of waiter.operations) {
      const list = this.lists.get(operation);
      if (list?.delete(waiter) && list.size === 0) this.lists.delete(operation);
    }
  }
}
