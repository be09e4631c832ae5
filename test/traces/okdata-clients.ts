import { createConnection } from 'node:net';

/** An answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Sends the bytes, reads one answer with a Content-Length or in chunks, and closes the connection. */
function exchangeOnce(url: string, bytes: string): Promise<WireAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = createConnection(Number(port), hostname, () => socket.write(bytes));
    let received = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed before a whole answer: ${received.toString()}`)));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const answer = wholeAnswer(received);
      if (!answer) return;
      socket.destroy();
      resolve(answer);
    });
  });
}

function wholeAnswer(received: Buffer): WireAnswer | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = received.subarray(0, end).toString('latin1');
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim();
  const length = Number(header('content-length'));
  const body = received.subarray(end + 4);
  if (Number.isNaN(length)) throw new Error(`no Content-Length: ${head}`);
  if (body.length < length) return undefined;
  return { status: Number(head.slice(9, 12)), contentType: header('content-type') ?? '', body: body.subarray(0, length).toString('utf8') };
}

/** What `requests` sends before anything else, as recorded from the SDK 4.1.0. */
const requestsHead = (method: string, path: string, { host, token }: { host: string; token: string }): string =>
  `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: python-requests/2.34.2\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\n` +
  `Connection: keep-alive\r\nAuthorization: Bearer ${token}\r\n`;

/** Raised where the Python client raises. */
export class ClientError extends Error {}

/** JSON as Python's `json.dumps` writes it. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, item]) => `${pythonJson(key)}: ${pythonJson(item)}`)
      .join(', ')}}`;
  const escaped = (text: string) => text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return typeof value === 'string' ? escaped(JSON.stringify(value)) : JSON.stringify(value);
}

/** The SDK's two calls, with the bytes that it sends. @see contracts/traces.md 7.1 */
export class OkdataSdk {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  private get connection() {
    return { host: new URL(this.url).host, token: this.token };
  }

  getStatus(traceId: string): Promise<WireAnswer> {
    return exchangeOnce(this.url, `${requestsHead('GET', `/status-api/status/${traceId}`, this.connection)}\r\n`);
  }

  /** @param json as the client wrote it */
  updateStatus(traceId: string, json: string): Promise<WireAnswer> {
    const head = requestsHead('POST', `/status-api/status/${traceId}`, this.connection);
    return exchangeOnce(this.url, `${head}Content-Length: ${Buffer.byteLength(json)}\r\nContent-Type: application/json\r\n\r\n${json}`);
  }
}

type Event = Readonly<Record<string, unknown>>;

/** What `okdata status` shows without `--history`. */
export interface CliStatus {
  readonly done: boolean;
  readonly trace_id: string;
  readonly trace_status: unknown;
  readonly trace_event_status: unknown;
  readonly errors: readonly string[];
}

/** A key of a Python dictionary: missing ones raise. */
function item(event: Event, key: string): unknown {
  if (!(key in event)) throw new ClientError(`KeyError: ${key}`);
  return event[key];
}

/** `errors[i].message.en` where it exists; `errors: null` raises, as iterating over None does. */
function errorsOf(event: Event): string[] {
  const errors = 'errors' in event ? event['errors'] : [];
  if (errors === null) throw new ClientError("TypeError: 'NoneType' object is not iterable");
  return (errors as { message?: { en?: unknown } }[]).flatMap((error) =>
    typeof error?.message?.en === 'string' ? [error.message.en] : [],
  );
}

/** `okdata status` 6.1: reads the answer as the program does, and crashes where it does. @see contracts/traces.md 6, 7.2 */
export class OkdataCli {
  constructor(private readonly sdk: OkdataSdk) {}

  private async events(traceId: string): Promise<readonly Event[]> {
    const { status, body } = await this.sdk.getStatus(traceId);
    const parsed: unknown = JSON.parse(body); // of a 4xx too: the program crashes on anything else
    if (status >= 400) throw new ClientError(`An error occurred: ${String((parsed as { message: unknown }).message)}`);
    if (!Array.isArray(parsed) || parsed.length === 0) throw new ClientError('IndexError: list index out of range');
    return parsed as Event[];
  }

  async status(traceId: string): Promise<CliStatus> {
    const events = await this.events(traceId);
    const errors = events.flatMap(errorsOf);
    const latest = events.find((event) => item(event, 'trace_status') === 'FINISHED') ?? events.at(-1)!;
    return {
      done: item(latest, 'trace_status') === 'FINISHED',
      trace_id: traceId,
      trace_status: item(latest, 'trace_status'),
      trace_event_status: item(latest, 'trace_event_status'),
      errors,
    };
  }

  /** `--history`: one row an event, missing values as `N/A`. */
  async history(traceId: string): Promise<Event[]> {
    const columns = [
      'trace_event_id',
      'start_time',
      'end_time',
      'domain',
      'domain_id',
      'component',
      'operation',
      'trace_status',
      'trace_event_status',
    ];
    return (await this.events(traceId)).map((event) => ({
      ...Object.fromEntries(columns.map((name) => [name, event[name] ?? 'N/A'])),
      errors: errorsOf(event),
    }));
  }

  /** `--watch`: asks until the trace is done, calling `between` after each look that was too early. */
  async watch(traceId: string, between: () => Promise<unknown>): Promise<CliStatus> {
    for (let tries = 0; tries < 100; tries++) {
      const status = await this.status(traceId);
      if (status.done) return status;
      await between();
    }
    throw new ClientError('Something else is most likely wrong');
  }
}

/** What `@status_wrapper()` of okdata-aws 6.0.0 posts after a step; the order of keys is its own. @see contracts/traces.md 7.3 */
export function wrapperPayload(traceId: string, more: Event & { readonly startTime: string; readonly endTime: string }): string {
  const { startTime, endTime, component, exception, errors, ...rest } = more;
  const failed = exception !== undefined;
  return pythonJson({
    trace_id: traceId,
    domain: 'dataset',
    domain_id: 'ds/1',
    start_time: startTime,
    end_time: endTime,
    trace_status: failed ? 'FINISHED' : 'CONTINUE',
    trace_event_status: failed ? 'FAILED' : 'OK',
    ...(component !== undefined && { component }),
    operation: 'copy',
    ...rest,
    meta: { function_name: 'fn-dev-copy', function_version: '$LATEST' },
    duration: 0.013276,
    ...(failed && { exception }),
    ...(errors !== undefined && { errors }),
  });
}
