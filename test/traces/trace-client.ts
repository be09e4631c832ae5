import { randomUUID } from 'node:crypto';
import type { HttpClient, Outgoing, Reply } from '../support/http-client.js';

/** An event as the trace service answers it. */
export interface TraceEvent {
  readonly trace_id: string;
  readonly trace_event_id: string;
  readonly domain: string;
  readonly start_time: string;
  readonly end_time: string;
  readonly trace_status: string;
  readonly trace_event_status: string;
  readonly component: string;
  readonly [field: string]: unknown;
}

/** A dataset id that no other test uses. */
export const freshDataset = (prefix = 'ds'): string => `${prefix}-${randomUUID().slice(0, 8)}`;

/** What the data-uploader sends, for a dataset. @see contracts/traces.md 4.1 */
export const upload = (dataset: string, more: object = {}): object => ({
  domain: 'dataset',
  domain_id: `${dataset}/1`,
  component: 'data-uploader',
  operation: 'upload',
  user: 'ooo123456',
  start_time: '2026-11-22T10:00:00.123456+00:00',
  end_time: '2026-11-22T10:00:00.200000+00:00',
  ...more,
});

/** What a step sends. @param second of its start, behind that of the upload */
export const step = (second: number, more: object = {}): object => ({
  domain: 'dataset',
  component: 'my-component',
  start_time: `2026-11-22T11:${String(Math.floor(second / 60) % 60).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}.025134+00:00`,
  end_time: '2026-11-22T12:00:00.000000+00:00',
  trace_status: 'CONTINUE',
  trace_event_status: 'OK',
  ...more,
});

const insist = (reply: Reply, what: string): Reply => {
  if (reply.status !== 200) throw new Error(`${what}: ${reply.status} ${reply.text}`);
  return reply;
};

/** A client of the trace service's API with one token, or none. */
export class TraceClient {
  constructor(
    readonly http: HttpClient,
    private readonly token?: string,
    private readonly base = '/status-api',
  ) {}

  /** The token alone, as the uploader sends it: no content type. */
  get headers(): Record<string, string> {
    return this.token === undefined ? {} : { authorization: `Bearer ${this.token}` };
  }

  send(method: string, path: string, outgoing: Outgoing = {}): Promise<Reply> {
    return this.http.send(method, `${this.base}${path}`, { ...outgoing, headers: { ...this.headers, ...outgoing.headers } });
  }

  /** A POST of a JSON text without a content type, whatever the answer. */
  post(path: string, body: object | string): Promise<Reply> {
    return this.send('POST', path, { body: typeof body === 'string' ? body : JSON.stringify(body) });
  }

  /** Creates a trace, which has to work. */
  async create(body: object): Promise<string> {
    return insist(await this.post('/status', body), 'create').json<{ trace_id: string }>().trace_id;
  }

  tryAppend(traceId: string, body: object): Promise<Reply> {
    return this.post(`/status/${traceId}`, body);
  }

  /** Appends an event, which has to work. */
  async append(traceId: string, body: object): Promise<TraceEvent> {
    return insist(await this.tryAppend(traceId, body), 'append').json<TraceEvent>();
  }

  tryRead(traceId: string): Promise<Reply> {
    return this.send('GET', `/status/${traceId}`);
  }

  /** The events of a trace, which has to be there. */
  async events(traceId: string): Promise<TraceEvent[]> {
    return insist(await this.tryRead(traceId), 'read').json<TraceEvent[]>();
  }

  find(parameter: string): Promise<Reply> {
    return this.send('GET', `/status-from-path/${parameter}`);
  }
}
