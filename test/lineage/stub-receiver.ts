import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunEvent } from '../../src/lineage/openlineage/openlineage.js';

/** A call that the receiver got. */
export interface ReceivedCall {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly event: RunEvent;
  /** What it answered; null: nothing, the connection was cut. */
  readonly status: number | null;
}

/** Decides the answer of a call; null cuts the connection. */
export type Behaviour = (
  event: RunEvent,
  calls: readonly ReceivedCall[],
) => number | null | { status: number; headers: Record<string, string> };

/** Something that takes events of OpenLineage, and behaves as a test says. */
export class StubReceiver {
  readonly calls: ReceivedCall[] = [];
  behave: Behaviour = () => 201;
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(): Promise<StubReceiver> {
    const server = createServer();
    const receiver = new StubReceiver(server);
    server.on('request', (request, response) => void receiver.answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Events that it took, in order, as `eventType` of a run. */
  taken(): RunEvent[] {
    return this.calls.filter(({ status }) => status !== null && status < 300).map(({ event }) => event);
  }

  /** What it took of one run. */
  typesOf(runId: string): (string | undefined)[] {
    return this.taken()
      .filter(({ run }) => run.runId === runId)
      .map(({ eventType }) => eventType);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const event = JSON.parse(Buffer.concat(chunks).toString()) as RunEvent;
    const said = this.behave(event, this.calls);
    const { status, headers } = typeof said === 'object' && said !== null ? said : { status: said, headers: {} };
    this.calls.push({ path: request.url!, authorization: request.headers.authorization, event, status });
    if (status === null) request.socket.destroy();
    else response.writeHead(status, headers).end(status < 300 ? '' : '{"error":"as the test says"}');
  }
}
