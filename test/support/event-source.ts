import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

/** One frame of a stream. */
export interface Frame {
  readonly id: string | null;
  readonly event: string | null;
  readonly data: string | null;
  readonly comment: string | null;
  /** When it arrived, by the monotonic clock. */
  readonly atMs: number;
}

/** What an event of the stream tells. */
export interface SeenEvent {
  readonly seq: number;
  readonly type: string;
  readonly subject: string;
  readonly data: Record<string, unknown>;
}

function frameOf(text: string): Frame {
  const valueOf = (name: string): string | null => {
    const line = text.split('\n').find((each) => each.startsWith(`${name}:`));
    return line === undefined ? null : line.slice(name.length + 1).replace(/^ /, '');
  };
  return { id: valueOf('id'), event: valueOf('event'), data: valueOf('data'), comment: valueOf(''), atMs: performance.now() };
}

/** A reader of server-sent events that keeps every frame, and does not connect again by itself. */
export class EventReader {
  readonly frames: Frame[] = [];
  /** True once the connection has ended, by whichever side. */
  ended = false;
  private rest = '';

  private constructor(private readonly response: IncomingMessage) {
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.take(text));
    response.on('error', () => undefined);
    response.on('close', () => (this.ended = true));
  }

  /** Opens a stream. @throws Error when the answer is not 200 */
  static open(url: string, headers: Readonly<Record<string, string>>): Promise<EventReader> {
    return new Promise((resolve, reject) => {
      const sent = request(url, { headers, agent: false }, (response) => {
        if (response.statusCode === 200) resolve(new EventReader(response));
        else {
          response.resume();
          reject(new Error(`${response.statusCode}`));
        }
      });
      sent.on('error', reject);
      sent.end();
    });
  }

  get headers(): IncomingHttpHeaders {
    return this.response.headers;
  }

  /** The events, in the order in which they arrived. */
  get events(): SeenEvent[] {
    return this.frames.filter((frame) => frame.data?.includes('"specversion"')).map((frame) => JSON.parse(frame.data!) as SeenEvent);
  }

  /** What EventSource would send as Last-Event-ID. */
  get lastEventId(): string | null {
    return this.frames.findLast((frame) => frame.id !== null)?.id ?? null;
  }

  /** Stops taking bytes from the connection. */
  stall(): void {
    this.response.pause();
  }

  /** Takes them again. */
  resume(): void {
    this.response.resume();
  }

  close(): void {
    this.response.destroy();
  }

  private take(text: string): void {
    const parts = (this.rest + text).split('\n\n');
    this.rest = parts.pop()!;
    for (const part of parts) this.frames.push(frameOf(part));
  }
}
