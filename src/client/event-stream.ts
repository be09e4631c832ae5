import { setTimeout as sleep } from 'node:timers/promises';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { NoAnswerError, UnavailableError } from './problems.js';
import { pauseMs, type RetryPolicy } from './retries.js';

/** Which events; a list is any of them, the names must all fit. Without anything: all. */
export interface EventFilter {
  readonly topic?: readonly string[];
  readonly type?: readonly string[];
  readonly subject?: string;
  readonly dataset?: string;
  readonly actor?: string;
  /** Replays what came after this number first; without it the stream begins now. */
  readonly afterSeq?: string | number;
}

/** One change, as a CloudEvent. @see API.md 6 */
export interface SignalboxEvent {
  readonly id: string;
  /** Such as `job.completed.v1`. */
  readonly type: string;
  /** Path of the object below `/api/v1`, such as `jobs/7b0c`. */
  readonly subject: string;
  readonly time: string;
  readonly seq: string | number;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * What the stream gives. `open`: connected, again after every interruption; whoever keeps a state of his own reads it now, nothing is missed after it.
 * `reset`: events between the last one and now are not kept any more.
 */
export type StreamMessage =
  | { readonly kind: 'open' }
  | { readonly kind: 'event'; readonly event: SignalboxEvent }
  | { readonly kind: 'reset'; readonly latestSeq: string };

export interface StreamOptions {
  readonly filter: EventFilter;
  readonly signal?: AbortSignal;
  readonly pausesMs: RetryPolicy;
  /** Opens one connection. @throws ProblemError when the service refuses */
  readonly open: (
    query: Readonly<Record<string, string | number | readonly string[] | undefined>>,
    headers: Record<string, string>,
    signal: AbortSignal,
  ) => Promise<Response>;
  /** A connection that is silent for so long is dead: the service writes every 15 s. Default 45 s. */
  readonly silenceMs?: number;
}

/** What is kept from one connection to the next. */
class StreamPlace {
  lastId: string | undefined;
  retryMs = 3_000;
  private pendingId: string | undefined;
  private line = '';

  /** Follows ids by itself, because the parser drops those of blocks without data, which the service sends to move the place forward. */
  follow(text: string): void {
    const lines = (this.line + text).split(/\r\n|\n|\r/);
    this.line = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('id:')) this.pendingId = line.slice(3).trim();
      if (line === '' && this.pendingId) {
        this.lastId = this.pendingId;
        this.pendingId = undefined;
      }
    }
  }

  /** Forgets what an ended connection left unfinished. */
  interrupted(): void {
    this.line = '';
    this.pendingId = undefined;
  }
}

function messageOf({ event, data }: EventSourceMessage): StreamMessage | null {
  if (event === 'goodbye') return null;
  if (event === 'reset') return { kind: 'reset', latestSeq: String((JSON.parse(data) as { latestSeq: unknown }).latestSeq) };
  return { kind: 'event', event: JSON.parse(data) as SignalboxEvent };
}

/** Messages of one connection until it ends, is silent for too long, or breaks. */
async function* messagesOf(response: Response, place: StreamPlace, heard: () => void): AsyncGenerator<StreamMessage, void, undefined> {
  const waiting: StreamMessage[] = [];
  const parser = createParser({
    onEvent: (message) => {
      const read = messageOf(message);
      if (read) waiting.push(read);
    },
    onRetry: (milliseconds) => (place.retryMs = milliseconds),
  });
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    heard();
    const text = decoder.decode(chunk as Uint8Array, { stream: true });
    parser.feed(text);
    place.follow(text);
    yield* waiting.splice(0);
  }
}

/** One connection, ended by the caller's signal or by its own silence. */
async function* connection(options: StreamOptions, place: StreamPlace): AsyncGenerator<StreamMessage, void, undefined> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error(silent)), options.silenceMs ?? 45_000);
  const signal = options.signal ? AbortSignal.any([options.signal, silence.signal]) : silence.signal;
  const { afterSeq, ...filter } = options.filter;
  const headers: Record<string, string> = { accept: 'text/event-stream' };
  if (place.lastId !== undefined) headers['last-event-id'] = place.lastId;
  try {
    const response = await options.open({ ...filter, ...(place.lastId === undefined ? { afterSeq } : {}) }, headers, signal);
    yield { kind: 'open' };
    yield* messagesOf(response, place, () => timer.refresh());
  } finally {
    clearTimeout(timer);
    silence.abort();
    place.interrupted();
  }
}

const silent = 'the stream is silent';

/** True for a connection that broke or was silent, and for a service that is not there yet: the next may be better. A refusal is none. */
function isInterruption(error: unknown): boolean {
  if (error instanceof NoAnswerError || error instanceof UnavailableError) return true;
  const { name, message } = error as { name?: string; message?: string };
  return name === 'AbortError' || name === 'TypeError' || message === silent;
}

/**
 * The live stream over any number of connections, each continuing where the last one stopped.
 * @throws ProblemError when the service refuses the stream, such as a filter that it does not know
 */
export async function* streamEvents(options: StreamOptions): AsyncGenerator<StreamMessage, void, undefined> {
  const place = new StreamPlace();
  for (let failures = 0; !options.signal?.aborted;) {
    try {
      for await (const message of connection(options, place)) {
        failures = 0;
        yield message;
      }
    } catch (error) {
      if (options.signal?.aborted) return;
      if (!isInterruption(error)) throw error;
    }
    failures++;
    const pause = Math.max(pauseMs(failures, options.pausesMs), failures > 1 ? place.retryMs * Math.random() : 0);
    await sleep(pause, undefined, options.signal ? { signal: options.signal } : {}).catch(() => undefined);
  }
}
