import { Backoff } from '../database/backoff.js';

interface Postponed {
  readonly collection: string;
  readonly id: unknown;
  readonly backoff: Backoff;
  dueAtMs: number;
}

const firstPauseMs = 30_000;
const longestPauseMs = 900_000;
/** Keeps the list of ids in the relay's query small; beyond it the longest known ones are tried again early. */
const maxPostponed = 1_000;

/** Documents whose entries cannot be relayed now, such as damaged ones: left out for a while, so that they do not stand before all others. */
export class PostponedDocuments {
  private readonly byKey = new Map<string, Postponed>();

  /** @param nowMs a monotonic clock in milliseconds */
  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /**
   * Leaves the document out for 15 to 30 s, twice as long with every repetition, up to 15 minutes.
   * @returns the pause in milliseconds
   */
  add(collection: string, id: unknown): number {
    const key = `${collection}/${String(id)}`;
    const postponed = this.byKey.get(key) ?? { collection, id, backoff: new Backoff(firstPauseMs, longestPauseMs), dueAtMs: 0 };
    const pauseMs = postponed.backoff.next();
    postponed.dueAtMs = this.nowMs() + pauseMs;
    this.byKey.set(key, postponed);
    if (this.byKey.size > maxPostponed) this.byKey.delete(this.byKey.keys().next().value!);
    return pauseMs;
  }

  /** Ends a document's postponement after its entries were relayed. */
  remove(collection: string, id: unknown): void {
    if (this.byKey.size > 0) this.byKey.delete(`${collection}/${String(id)}`);
  }

  /** Ids of the collection's documents to leave out now. */
  idsOf(collection: string): unknown[] {
    if (this.byKey.size === 0) return [];
    return [...this.byKey.values()].filter((one) => one.collection === collection && one.dueAtMs > this.nowMs()).map((one) => one.id);
  }
}
