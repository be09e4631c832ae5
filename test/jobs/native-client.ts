import { randomUUID } from 'node:crypto';
import { freshTarget } from '../support/compat-client.js';
import type { HttpClient, Outgoing, Reply } from '../support/http-client.js';

/** A job of the native API, as far as tests look at it. */
export interface NativeJob {
  readonly jobId: string;
  readonly version: number;
  readonly status: string;
  readonly datasetName: string;
  readonly createdAt: string;
  readonly [field: string]: unknown;
}

/** A page of the native API. */
export interface NativePage<T = NativeJob> {
  readonly items: T[];
  readonly nextCursor: string | null;
  readonly prevCursor: string | null;
  readonly count?: { readonly value: number; readonly exact: boolean };
}

/** A problem of the native API. */
export interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly { readonly pointer: string; readonly message: string }[];
  readonly [field: string]: unknown;
}

/** A key that no other call uses. */
export const freshKey = (): { 'idempotency-key': string } => ({ 'idempotency-key': randomUUID() });

/** A client of the native API with one token. */
export class NativeClient {
  constructor(
    private readonly http: HttpClient,
    private readonly token: string,
  ) {}

  /** Any call below `/api/v1`. */
  send(method: string, path: string, { json, headers = {} }: Pick<Outgoing, 'json' | 'headers'> = {}): Promise<Reply> {
    const authorized = { authorization: `Bearer ${this.token}`, ...headers };
    return this.http.send(method, `/api/v1/${path}`, { ...(json === undefined ? {} : { json }), headers: authorized });
  }

  get(path: string, headers: Outgoing['headers'] = {}): Promise<Reply> {
    return this.send('GET', path, { headers });
  }

  /** `POST jobs` with what it has to have, whatever the answer. */
  post(more: object = {}, headers: Outgoing['headers'] = {}): Promise<Reply> {
    return this.send('POST', 'jobs', { json: { datasetName: freshTarget(), operation: 'ADD', ...more }, headers });
  }

  /** `POST jobs`, which has to be 201. */
  async create(more: object = {}): Promise<NativeJob> {
    const reply = await this.post(more);
    if (reply.status !== 201) throw new Error(`POST jobs: ${reply.status} ${reply.text}`);
    return reply.json<NativeJob>();
  }

  patch(id: string, changes: unknown, headers: Outgoing['headers'] = {}): Promise<Reply> {
    return this.send('PATCH', `jobs/${id}`, { json: changes, headers });
  }

  cancel(id: string, body: unknown, headers: Outgoing['headers'] = {}): Promise<Reply> {
    return this.send('POST', `jobs/${id}/cancel`, { json: body, headers });
  }

  async job(id: string): Promise<NativeJob> {
    return (await this.get(`jobs/${id}`)).json<NativeJob>();
  }

  /** A page, which has to be 200. */
  async page<T = NativeJob>(path: string): Promise<NativePage<T>> {
    const reply = await this.get(path);
    if (reply.status !== 200) throw new Error(`GET ${path}: ${reply.status} ${reply.text}`);
    return reply.json<NativePage<T>>();
  }

  /** Every page of a list, from its first to its last or from its last back to its first. */
  async pages<T = NativeJob>(path: string, start: string | null = '', direction: 'nextCursor' | 'prevCursor' = 'nextCursor') {
    const pages: NativePage<T>[] = [];
    for (let cursor = start; cursor !== null; cursor = pages.at(-1)![direction]) {
      pages.push(await this.page<T>(`${path}${path.includes('?') ? '&' : '?'}cursor=${cursor}`));
    }
    return pages;
  }
}

/** Status and code of a problem. */
export const refusal = (reply: Reply): [number, string] => [reply.status, reply.json<Problem>().code];
