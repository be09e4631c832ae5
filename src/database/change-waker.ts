import { setTimeout as sleep } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection, mongo } from 'mongoose';
import { Backoff } from './backoff.js';

interface Subscription {
  readonly collections: readonly string[];
  readonly wake: () => void;
}

/** What the waker needs to know of a change. */
interface Change {
  readonly ns: { readonly coll: string };
}

/** Inserts, and updates that raise `version`: not the relay's own pulls, nor leases that only move. */
const changesOf = (collections: readonly string[]): object[] => [
  {
    $match: {
      'ns.coll': { $in: collections },
      $or: [
        { operationType: { $in: ['insert', 'replace'] } },
        { operationType: 'update', 'updateDescription.updatedFields.version': { $exists: true } },
      ],
    },
  },
  { $project: { ns: 1 } },
];

/** After a change, further ones are let gather this long, so that under load one read brings many. */
const gatherMs = 50;

/** The answer, or null as soon as the signal aborts: a waiting read ends only with its time. */
function untilAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const end = () => resolve(null);
    signal.addEventListener('abort', end, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}

/**
 * Wakes subscribers when documents of their collections change, through one change stream for the whole process, open while there is a subscriber. It
 * only wakes: the truth is read from the collections, at every wake and by a slow poll of the subscriber's own. A stream that fails is opened again
 * from now on, with growing pauses; since changes were missed meanwhile, every opening wakes all subscribers once.
 * @see MONGODB.md 8
 */
@Injectable()
export class ChangeWaker implements BeforeApplicationShutdown {
  private readonly logger = new Logger(ChangeWaker.name);
  private readonly subscriptions = new Set<Subscription>();
  private following: AbortController | undefined;
  private ended: Promise<void> = Promise.resolve();

  constructor(@InjectConnection() private readonly connection: Connection) {}

  /**
   * Calls `wake` soon after a change in one of the collections, also when nothing changed, and often; it must be cheap and not throw.
   * @returns ends the subscription
   */
  subscribe(collections: readonly string[], wake: () => void): () => void {
    const subscription = { collections, wake };
    this.subscriptions.add(subscription);
    this.reopen();
    return () => {
      if (this.subscriptions.delete(subscription)) this.reopen();
    };
  }

  /** Closes the stream and forgets all subscribers. */
  async beforeApplicationShutdown(): Promise<void> {
    this.subscriptions.clear();
    this.reopen();
    await this.ended;
  }

  private reopen(): void {
    this.following?.abort();
    const collections = [...new Set([...this.subscriptions].flatMap((subscription) => subscription.collections))];
    if (collections.length === 0) return;
    this.following = new AbortController();
    this.ended = Promise.all([this.ended, this.follow(collections, this.following.signal)]).then(() => undefined);
  }

  private async follow(collections: readonly string[], signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(100, 5_000);
    while (!signal.aborted) {
      try {
        await this.readStream(collections, signal, () => backoff.reset());
      } catch (error) {
        if (signal.aborted) return;
        this.logger.warn(`change stream ended, opening it again: ${(error as Error).message}`);
        await sleep(backoff.next(), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async readStream(collections: readonly string[], signal: AbortSignal, opened: () => void): Promise<void> {
    if (!this.connection.db) throw new Error('not connected');
    const stream = this.connection.db.watch<never, Change & mongo.Document>(changesOf(collections), { maxAwaitTimeMS: 1_000 });
    stream.once('resumeTokenChanged', () => {
      opened(); // the server's first answer brings the first token
      this.wake(() => true);
    });
    try {
      while (!signal.aborted) {
        const change = await untilAborted(stream.tryNext(), signal);
        if (stream.closed && !signal.aborted) throw new Error('the server ended it'); // as when the database is dropped
        if (!change) continue;
        this.wake((names) => names.includes(change.ns.coll));
        if (stream.bufferedCount() === 0) await sleep(gatherMs, undefined, { signal }).catch(() => undefined);
      }
    } finally {
      await stream.close().catch(() => undefined);
    }
  }

  private wake(concerns: (collections: readonly string[]) => boolean): void {
    for (const subscription of this.subscriptions) if (concerns(subscription.collections)) subscription.wake();
  }
}
