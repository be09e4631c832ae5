import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { StreamDrop } from '../../observability/index.js';
import { type EventFilter, passes } from '../event-filter.js';
import type { StoredEvent } from '../events.schema.js';
import type { LiveEvent, LiveFeed, LiveListener } from './live-events.js';
import { eventFrame, goodbyeFrame, heartbeatFrame, openingFrame, resetFrame } from './sse-frames.js';

/** What a reader may leave unread, in bytes, before its stream is cut. @see SECURITY-RULES.md 6 */
export const maxBehindBytes = 1_048_576;
/** Signs of life that a reader may leave unread, one after the other. */
const maxStalledBeats = 4;
/** Time for a reader to take what was written before the end, in milliseconds. */
const finishMs = 5_000;
const replayPage = 200;
/** Events of a replay are sent on while the reader takes them; the rest waits in the database. */
const replayBufferBytes = 65_536;

/** Where a stream begins. */
export interface StreamStart {
  /** The reader has everything up to here. */
  readonly after: number;
  /** True: what the reader asked for is not kept; it is told to load its lists again. */
  readonly reset: boolean;
}

/** Reads events that the filter lets through, oldest first, above one number and up to another. */
export type ReplaySource = (range: { above: number; upTo: number; limit: number }) => Promise<StoredEvent[]>;

/** What one stream is made of. */
export interface EventStreamParts {
  /** The body of the answer. */
  readonly output: Writable;
  readonly filter: EventFilter;
  readonly start: StreamStart;
  readonly feed: LiveFeed;
  readonly replay: ReplaySource;
}

/**
 * One open live stream.
 *
 * States: replaying, live, ended. It replays what stands between its start and the number that the process has read up to, in pages, as fast as the reader
 * takes them; having reached that number it listens, in the same turn of the event loop, so that no event is missed or sent twice. Live events are written at
 * once. It ends when the reader leaves, or when the service ends it: `cut`, at once, for a reader that is too far behind or reads nothing; `finish`, with
 * everything that was written.
 */
export class EventStream implements LiveListener {
  /** Resolves when it has ended, with the reason when the service ended it. */
  readonly ended: Promise<StreamDrop | null>;
  private readonly gone = new AbortController();
  private lastSeq: number;
  private why: StreamDrop | null = null;
  private stalledBeats = 0;

  constructor(private readonly parts: EventStreamParts) {
    this.lastSeq = parts.start.after;
    this.ended = new Promise((resolve) => {
      parts.output.once('close', () => {
        this.gone.abort();
        parts.feed.leave(this);
        resolve(this.why);
      });
    });
    parts.output.on('error', () => undefined); // a reader that left; `close` follows
  }

  /** Begins; returns when it is live, or has ended. Never rejects. */
  async run(): Promise<void> {
    const { start, feed } = this.parts;
    this.write(start.reset ? Buffer.concat([openingFrame, resetFrame(start.after)]) : openingFrame);
    try {
      while (this.open && this.lastSeq < feed.lastSeq) await this.replayTo(feed.lastSeq);
      if (this.open) feed.follow(this);
    } catch {
      this.cut('failed'); // it resumes by its last number, most likely on another replica
    }
  }

  receive(live: LiveEvent): void {
    if (!this.open || live.event.seq <= this.lastSeq) return;
    this.lastSeq = live.event.seq;
    if (passes(this.parts.filter, live.event)) this.write(live.frame);
  }

  /** Sends a sign of life with the last number; cuts a reader that left several in a row unread. */
  beat(): void {
    if (!this.open) return;
    this.stalledBeats = this.unread > 0 ? this.stalledBeats + 1 : 0;
    if (this.stalledBeats >= maxStalledBeats) this.cut('stalled');
    else this.write(heartbeatFrame(this.lastSeq));
  }

  /** Ends it behind what was written; at shutdown with a word to the reader. */
  finish(why: 'expired' | 'shutdown'): void {
    if (!this.open) return;
    if (why === 'shutdown') this.write(goodbyeFrame(this.lastSeq));
    this.why ??= why;
    this.gone.abort();
    this.parts.output.end();
    const late = setTimeout(() => this.cut(why), finishMs).unref();
    void this.ended.then(() => clearTimeout(late));
  }

  /** Ends it at once. */
  cut(why: StreamDrop): void {
    this.why ??= why;
    this.gone.abort();
    this.parts.output.destroy();
  }

  private get open(): boolean {
    return !this.gone.signal.aborted;
  }

  private get unread(): number {
    return this.parts.output.writableLength;
  }

  private async replayTo(upTo: number): Promise<void> {
    const events = await this.parts.replay({ above: this.lastSeq, upTo, limit: replayPage });
    for (const event of events) {
      if (!this.open) return;
      this.write(eventFrame(event));
      this.lastSeq = event.seq;
      await this.untilTaken();
    }
    if (events.length < replayPage) this.lastSeq = upTo;
  }

  /** Returns at once while the reader keeps up. */
  private async untilTaken(): Promise<void> {
    const { output } = this.parts;
    while (this.open && output.writableNeedDrain && this.unread > replayBufferBytes)
      await once(output, 'drain', { signal: this.gone.signal }).catch(() => undefined);
  }

  private write(frame: Buffer): void {
    this.parts.output.write(frame);
    if (this.unread > maxBehindBytes) this.cut('behind');
  }
}
