import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An identity provider's key set address, which can misbehave. */
export class KeyServer {
  status = 200;
  /** Sent as JSON, or as it is when a text. */
  answer: unknown = { keys: [] };
  headers: Record<string, string> = {};
  /** Takes requests and never answers while true. */
  silent = false;
  reads = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<KeyServer> {
    const server = createServer((_request, response) => {
      keys.reads += 1;
      if (keys.silent) return;
      response.writeHead(keys.status, { 'content-type': 'application/json', connection: 'close', ...keys.headers });
      response.end(typeof keys.answer === 'string' ? keys.answer : JSON.stringify(keys.answer));
    });
    const keys = new KeyServer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return keys;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/keys`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
