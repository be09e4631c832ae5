import { setTimeout as sleep } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { Backoff } from '../../database/backoff.js';
import { ChangeWaker } from '../../database/change-waker.js';
import { Bell } from '../bell.js';
import type { StoredEvent } from '../events.schema.js';
import { EventsStore } from '../events.store.js';
import { eventFrame } from './sse-frames.js';

/** An event on its way to all streams of the process; serialised once, by the first that sends it. */
export class LiveEvent {
  private serialised: Buffer | undefined;

  constructor(readonly event: StoredEvent) {}

  get frame(): Buffer {
    return (this.serialised ??= eventFrame(this.event));
  }
}

/** Gets every new event, in the order of numbers; must be quick and not throw. */
export interface LiveListener {
  receive(live: LiveEvent): void;
}

/** How a listener gets at new events. */
export interface LiveFeed {
  /** The number up to which events have been given to the listeners. Rises between two turns of the event loop only together with giving them. */
  readonly lastSeq: number;
  /** From now on the listener gets every event above `lastSeq`. */
  follow(listener: LiveListener): void;
  /** Ends the part in the reading. */
  leave(listener?: LiveListener): void;
}

const pollMs = 1_000;
const batchSize = 500;

/**
 * The one reader of new events in this process: reads what stands above its last number, woken by the change stream and once a second, and gives each event to all
 * listeners. It reads only while somebody has a feed. An error of the database makes it late, never lossy: it goes on from the same number.
 * @see MONGODB.md 8
 */
@Injectable()
export class LiveEvents implements BeforeApplicationShutdown, LiveFeed {
  private readonly logger = new Logger(LiveEvents.name);
  private readonly listeners = new Set<LiveListener>();
  private feeds = 0;
  private position = 0;
  private reading: { readonly begun: Promise<void>; readonly stop: AbortController } | undefined;
  private ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly events: EventsStore,
    @Inject(ChangeWaker) private readonly waker: Pick<ChangeWaker, 'subscribe'>,
  ) {}

  get lastSeq(): number {
    return this.position;
  }

  /**
   * Takes part in the reading, which begins behind the newest event when nobody did before. Each call needs one `leave`.
   * @throws when the database does not answer; there is nothing to leave then
   */
  async join(): Promise<LiveFeed> {
    this.feeds++;
    this.reading ??= this.begin();
    try {
      await this.reading.begun;
      return this;
    } catch (error) {
      this.release();
      throw error;
    }
  }

  follow(listener: LiveListener): void {
    this.listeners.add(listener);
  }

  leave(listener?: LiveListener): void {
    if (listener) this.listeners.delete(listener);
    this.release();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop();
    await this.ended;
  }

  private release(): void {
    if (--this.feeds === 0) this.stop();
  }

  private stop(): void {
    this.reading?.stop.abort();
    this.reading = undefined;
  }

  private begin(): { begun: Promise<void>; stop: AbortController } {
    const stop = new AbortController();
    const begun = this.events.lastSeq().then((lastSeq) => {
      if (stop.signal.aborted) return;
      this.position = lastSeq;
      this.ended = this.read(stop.signal);
    });
    begun.catch(() => {
      if (this.reading?.stop === stop) this.reading = undefined; // the next one asks again
    });
    return { begun, stop };
  }

  private async read(signal: AbortSignal): Promise<void> {
    const bell = new Bell();
    const backoff = new Backoff(100, 5_000);
    const unsubscribe = this.waker.subscribe([this.events.collection], () => bell.ring());
    while (!signal.aborted) {
      try {
        if (await this.readBatch(signal)) continue;
        backoff.reset();
        await bell.wait(pollMs, signal);
      } catch (error) {
        if (!signal.aborted) this.logger.warn(`new events cannot be read: ${(error as Error).message}`);
        await sleep(backoff.next(), undefined, { signal }).catch(() => undefined);
      }
    }
    unsubscribe();
  }

  /** Gives a batch of new events to the listeners; true when there may be more. */
  private async readBatch(signal: AbortSignal): Promise<boolean> {
    const events = await this.events.find({}, { above: this.position, ascending: true, limit: batchSize });
    if (signal.aborted) return false;
    for (const event of events) {
      const live = new LiveEvent(event);
      for (const listener of this.listeners) listener.receive(live);
      this.position = event.seq;
    }
    return events.length === batchSize;
  }
}
