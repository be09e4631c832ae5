import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';

/** One HTTP answer, body read to its end. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON. */
  json<T = unknown>(): T;
}

/** What goes out beside method and path. */
export interface Outgoing {
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Sent as JSON with the fitting content type, which `headers` may override. */
  readonly json?: unknown;
  /** Sent byte for byte, without a content type of its own. */
  readonly body?: string | Buffer;
}

/** Thrown when the service keeps the connection but stays silent. */
export class NoAnswerError extends Error {}

function payloadOf(outgoing: Outgoing): { payload: string | Buffer | undefined; headers: Record<string, string | string[]> } {
  const payload = outgoing.json === undefined ? outgoing.body : JSON.stringify(outgoing.json);
  const defaults: Record<string, string> = outgoing.json === undefined ? {} : { 'content-type': 'application/json' };
  if (payload !== undefined) defaults['content-length'] = String(Buffer.byteLength(payload));
  return { payload, headers: { ...defaults, ...outgoing.headers } };
}

/** A client that sends paths, headers and bodies exactly as given: no normalising, no redirects, no default headers. */
export class HttpClient {
  readonly #agent = new Agent({ keepAlive: true });

  /** @param url base address without a trailing slash. */
  constructor(
    readonly url: string,
    private readonly answerWithinMs = 60_000,
  ) {}

  /** @throws the socket's error when no whole answer arrives; then it is unknown whether the request took effect. */
  send(method: string, path: string, outgoing: Outgoing = {}): Promise<Reply> {
    const { hostname, port } = new URL(this.url);
    const { payload, headers } = payloadOf(outgoing);
    return new Promise((resolve, reject) => {
      const sent = request({ method, path, hostname, port, headers, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: <T>() => JSON.parse(text) as T });
        });
      });
      sent.setTimeout(this.answerWithinMs, () =>
        sent.destroy(new NoAnswerError(`${method} ${path}: no answer within ${this.answerWithinMs} ms`)),
      );
      sent.on('error', reject);
      sent.end(payload);
    });
  }

  get(path: string, headers: Outgoing['headers'] = {}): Promise<Reply> {
    return this.send('GET', path, { headers });
  }

  post(path: string, json: unknown, headers: Outgoing['headers'] = {}): Promise<Reply> {
    return this.send('POST', path, { json, headers });
  }

  put(path: string, json: unknown, headers: Outgoing['headers'] = {}): Promise<Reply> {
    return this.send('PUT', path, { json, headers });
  }

  delete(path: string, headers: Outgoing['headers'] = {}): Promise<Reply> {
    return this.send('DELETE', path, { headers });
  }

  /** Ends all connections, also of requests that wait for an answer. */
  close(): void {
    this.#agent.destroy();
  }
}

/** Sends the given bytes on a connection of their own and returns all that comes back until the server closes it. */
export function exchange(url: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });
}
