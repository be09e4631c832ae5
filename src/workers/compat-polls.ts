import { Injectable, Logger } from '@nestjs/common';
import { CompatPollsStore } from './compat-polls.store.js';

const noteEveryMs = 10_000;

/** Workers of an original API, which say nothing of themselves: all that is known is when one asked for jobs of an operation. */
@Injectable()
export class CompatPolls {
  private readonly logger = new Logger('Workers');
  private readonly notedAt = new Map<string, number>();

  constructor(private readonly store: CompatPollsStore) {}

  /** Notes that somebody asked for queued jobs of these operations; writes at most every ten seconds, and lets nobody wait for it. */
  note(operations: readonly string[]): void {
    const now = performance.now();
    const due = operations.filter((operation) => now - (this.notedAt.get(operation) ?? -Infinity) >= noteEveryMs);
    if (due.length === 0) return;
    for (const operation of due) this.notedAt.set(operation, now);
    this.store.note(due).catch((error: Error) => this.logger.debug(`a poll was not noted: ${error.message}`));
  }

  /** Seconds since the last poll through any replica, up to ten too many; null when there was none in the last `within` seconds. */
  async secondsSinceLast(within: number): Promise<number | null> {
    const ages = (await this.store.listSince(within)).map(({ secondsAgo }) => secondsAgo);
    return ages.length > 0 ? Math.min(...ages) : null;
  }

  /** The operations that were asked for in the last `seconds`. */
  async operationsWithin(seconds: number): Promise<string[]> {
    return (await this.store.listSince(seconds)).map(({ operation }) => operation);
  }
}
