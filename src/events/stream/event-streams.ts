import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Writable } from 'node:stream';
import { ServiceStoppingError, ServiceUnavailableError } from '../../common/errors/service.errors.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { Metrics } from '../../observability/index.js';
import type { EventFilter } from '../event-filter.js';
import { EventsStore } from '../events.store.js';
import { EventStream, type StreamStart } from './event-stream.js';
import { LiveEvents, type LiveFeed } from './live-events.js';

/** What a reader asks for. */
export interface StreamRequest {
  readonly filter: EventFilter;
  /** The last number that the reader has; undefined: from now on. */
  readonly after: number | undefined;
  /** When its token ends, in milliseconds since 1970; null: never. */
  readonly endsAtMs: number | null;
}

/** The rhythm of all streams, in milliseconds. */
export interface StreamTiming {
  readonly heartbeatMs: number;
  /** Time for readers to take the goodbye at shutdown. */
  readonly goodbyeMs: number;
}

export const STREAM_TIMING = Symbol('stream timing');
export const streamTiming: StreamTiming = { heartbeatMs: 15_000, goodbyeMs: 2_000 };

/** The longest time that a timer can wait. */
const maxTimerMs = 2 ** 31 - 1;

/** A stream that may be opened: its place is taken, and it is known where it begins. One of the two methods must be called. */
export interface AdmittedStream {
  /** Writes the stream to the body of an answer. */
  open(output: Writable): void;
  /** Gives the place back. */
  abandon(): void;
}

/** All live streams of this process: admits them, keeps them alive, and ends them. */
@Injectable()
export class EventStreams implements OnModuleDestroy {
  private readonly streams = new Set<EventStream>();
  private admitted = 0;
  private stopping = false;
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly live: LiveEvents,
    private readonly events: EventsStore,
    private readonly metrics: Metrics,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'sseMaxClients'>,
    @Inject(STREAM_TIMING) private readonly timing: StreamTiming,
  ) {}

  /** Number of streams that are open, or about to be. */
  get count(): number {
    return this.admitted;
  }

  /**
   * Takes a place for a stream and finds where it begins.
   * @throws ServiceUnavailableError when all places are taken, ServiceStoppingError at shutdown; whatever the database throws
   */
  async admit(request: StreamRequest): Promise<AdmittedStream> {
    if (this.stopping) throw new ServiceStoppingError();
    if (this.admitted >= this.settings.sseMaxClients) {
      this.metrics.streamDropped('full');
      throw new ServiceUnavailableError('This process has as many live streams as it may have. Try again, or poll GET /api/v1/events.');
    }
    this.admitted++;
    try {
      return await this.prepare(request);
    } catch (error) {
      this.admitted--;
      throw error;
    }
  }

  /** Says goodbye to all readers; those that do not take it in time are cut. */
  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    clearInterval(this.heartbeat);
    const open = [...this.streams];
    for (const stream of open) stream.finish('shutdown');
    const all = Promise.all(open.map((stream) => stream.ended));
    await Promise.race([all, sleep(this.timing.goodbyeMs, undefined, { ref: false })]);
    for (const stream of this.streams) stream.cut('shutdown');
  }

  private async prepare({ filter, after, endsAtMs }: StreamRequest): Promise<AdmittedStream> {
    const feed = await this.live.join();
    try {
      const start = await this.startOf(after, feed);
      if (this.stopping) throw new ServiceStoppingError();
      return {
        open: (output) => this.open(this.streamOf({ output, filter, start, feed }), endsAtMs),
        abandon: () => {
          feed.leave();
          this.admitted--;
        },
      };
    } catch (error) {
      feed.leave();
      throw error;
    }
  }

  /** What is not kept any more, or was never seen here, cannot be replayed. */
  private async startOf(after: number | undefined, feed: LiveFeed): Promise<StreamStart> {
    if (after === undefined) return { after: feed.lastSeq, reset: false };
    const [first, last] = await Promise.all([this.events.firstSeq(), this.events.lastSeq()]);
    const latest = Math.max(last, feed.lastSeq);
    const kept = after === latest || (first !== null && first <= after + 1);
    return kept && after <= latest ? { after, reset: false } : { after: latest, reset: true };
  }

  private streamOf(parts: { output: Writable; filter: EventFilter; start: StreamStart; feed: LiveFeed }): EventStream {
    return new EventStream({
      ...parts,
      replay: ({ above, upTo, limit }) => this.events.find(parts.filter, { above, below: upTo + 1, ascending: true, limit }),
    });
  }

  private open(stream: EventStream, endsAtMs: number | null): void {
    this.streams.add(stream);
    this.heartbeat ??= setInterval(() => this.beat(), this.timing.heartbeatMs).unref();
    const expiry = this.endWithToken(stream, endsAtMs);
    void stream.ended.then((why) => {
      expiry?.close();
      this.streams.delete(stream);
      this.admitted--;
      if (why) this.metrics.streamDropped(why);
    });
    void stream.run();
  }

  private beat(): void {
    for (const stream of this.streams) stream.beat();
  }

  private endWithToken(stream: EventStream, endsAtMs: number | null): { close(): void } | null {
    if (endsAtMs === null) return null;
    let timer: NodeJS.Timeout | undefined;
    const wait = (): void => {
      const restMs = endsAtMs - Date.now();
      if (restMs <= 0) stream.finish('expired');
      else timer = setTimeout(wait, Math.min(restMs, maxTimerMs)).unref();
    };
    wait();
    return { close: () => clearTimeout(timer) };
  }
}
