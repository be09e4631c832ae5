import { randomUUID } from 'node:crypto';
import createFetchClient, { type Client } from 'openapi-fetch';
import { type EventFilter, type StreamMessage, streamEvents } from './event-stream.js';
import type { paths } from './openapi.types.js';
import { eachPage, type ItemOf, type ListPath, type ListQuery, type Page } from './pages.js';
import { problemErrorOf } from './problems.js';
import { defaultRetries, type Fetch, type RetryPolicy, sendWithRetries } from './retries.js';

/** Where the service is and how to talk to it. */
export interface ClientOptions {
  /** Address without a path, such as `https://signalbox.example`. */
  readonly url: string;
  /** Bearer token, or where to get a fresh one; null or undefined for public routes only. */
  readonly token?: string | null | (() => string | null | Promise<string | null>);
  readonly retries?: Partial<RetryPolicy>;
  /** Limit of one try. Default 60 s. */
  readonly timeoutMs?: number;
  /** Told every request just before it is sent the first time. */
  readonly onRequest?: (request: Request) => void;
  /** Instead of the global one; both arguments count, as there. */
  readonly fetch?: Fetch;
}

type QueryValue = string | number | boolean | null | undefined;
export type Query = Readonly<Record<string, QueryValue | readonly QueryValue[]>>;

/** A call by path, for routes whose exact types are not needed. */
export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root on, such as `/api/v1/jobs`; parts that come from outside are encoded by the caller. */
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Limit of one try, instead of the client's; null: none. */
  readonly timeoutMs?: number | null;
  readonly signal?: AbortSignal;
}

/** A client of one service. Errors are thrown as `ProblemError` or `NoAnswerError`, after the retries. */
export interface SignalboxClient {
  readonly url: string;
  /** Every published route, typed by the API's description. */
  readonly api: Client<paths>;
  /** The body of the answer; undefined when it has none. */
  request<T>(call: Call): Promise<T>;
  /** The whole answer; its status is 2xx. */
  send(call: Call): Promise<Response>;
  /** Every item of a list, page after page. */
  items<P extends ListPath>(
    path: P,
    query?: ListQuery<P>,
    parameters?: Readonly<Record<string, string>>,
  ): AsyncGenerator<ItemOf<P>, void, undefined>;
  /** The live stream; ends when the signal is aborted and reconnects until then. */
  events(filter?: EventFilter, options?: { signal?: AbortSignal }): AsyncGenerator<StreamMessage, void, undefined>;
}

const jsonTypes = { accept: 'application/json, application/problem+json' };
const createdBy = /\/api\/v1\/(jobs|jobs\/bulk|jobs\/[^/]+\/retry)$/;

const isCreation = ({ method, url }: Request): boolean => method === 'POST' && createdBy.test(new URL(url).pathname);

/** `{name}` replaced by its encoded value. */
const filled = (path: string, parameters: Readonly<Record<string, string>>): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parameters[name] ?? ''));

/** The query as text: lists repeat their name, null and undefined are left out. */
function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? (value as QueryValue[]) : [value as QueryValue])
      if (each !== null && each !== undefined) parameters.append(name, String(each));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

function requestOf(base: string, { method = 'GET', path, query = {}, body, headers }: Call): Request {
  return new Request(`${base}${path}${queryText(query)}`, {
    method,
    headers: { ...jsonTypes, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Sends requests with the token, a key for each creation, and retries; answers that are errors are thrown. */
class Transport {
  readonly policy: RetryPolicy;

  constructor(private readonly options: ClientOptions) {
    this.policy = { ...defaultRetries, ...options.retries };
  }

  /** @param signal default: that of the request, which ends it until its answer begins */
  async send(request: Request, { timeoutMs, signal = request.signal }: Pick<Call, 'timeoutMs' | 'signal'> = {}): Promise<Response> {
    const token = typeof this.options.token === 'function' ? await this.options.token() : this.options.token;
    if (token) request.headers.set('authorization', `Bearer ${token}`);
    if (isCreation(request) && !request.headers.has('idempotency-key')) request.headers.set('idempotency-key', randomUUID());
    this.options.onRequest?.(request.clone());
    const fetch = this.options.fetch ?? ((...args: Parameters<Fetch>) => globalThis.fetch(...args));
    const limit = timeoutMs === undefined ? (this.options.timeoutMs ?? 60_000) : timeoutMs;
    const response = await sendWithRetries(request, { policy: this.policy, timeoutMs: limit, signal, fetch });
    if (!response.ok) throw await problemErrorOf(response);
    return response;
  }
}

/** Makes a client. Nothing is sent before the first call. */
export function createClient(options: ClientOptions): SignalboxClient {
  const url = options.url.replace(/\/+$/, '');
  const transport = new Transport(options);
  const send = (call: Call) => transport.send(requestOf(url, call), call);
  const request = async <T>(call: Call): Promise<T> => {
    const text = await (await send(call)).text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  };
  async function* items<P extends ListPath>(path: P, query?: ListQuery<P>, parameters: Readonly<Record<string, string>> = {}) {
    const fetchPage = (cursor: string | undefined) =>
      request<Page<ItemOf<P>>>({ path: filled(path, parameters), query: { ...(query as Query | undefined), cursor } });
    for await (const page of eachPage(fetchPage)) yield* page.items;
  }
  return {
    url,
    api: createFetchClient<paths>({ baseUrl: url, fetch: (each) => transport.send(each) }),
    request,
    send,
    items,
    events: (filter = {}, { signal } = {}) =>
      streamEvents({
        filter,
        ...(signal ? { signal } : {}),
        pausesMs: transport.policy,
        open: (query, headers, abort) => send({ path: '/api/v1/events/stream', query, headers, timeoutMs: null, signal: abort }),
      }),
  };
}
