import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A question as it arrived. */
export interface KeycloakQuestion {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Byte for byte. */
  readonly body: string;
  readonly token: string;
  readonly permission: string;
}

/** Status and body; `silence` never answers, `hangup` closes the connection. */
export type KeycloakAnswer =
  { readonly status: number; readonly body: string; readonly headers?: Record<string, string> } | 'silence' | 'hangup';

export const keycloakAnswers = {
  yes: { status: 200, body: '{"result":true}' },
  refused: { status: 403, body: '{"error":"access_denied","error_description":"not_authorized"}' },
  unknownResource: { status: 400, body: '{"error":"invalid_resource","error_description":"Resource with id [x] does not exist."}' },
  expired: { status: 401, body: '{"error":"invalid_grant","error_description":"Invalid bearer token"}' },
  broken: { status: 500, body: 'Internal Server Error' },
} as const satisfies Record<string, KeycloakAnswer>;

/** A Keycloak of a test: its token endpoint, as far as UMA decisions go, with the permissions of some tokens. */
export class StubKeycloak {
  readonly questions: KeycloakQuestion[] = [];
  /** Token → permissions that it has. A token that is not named here is refused with 401. */
  readonly granted = new Map<string, readonly string[]>();
  /** Answers that are given before any other, one each. */
  readonly next: KeycloakAnswer[] = [];
  /** Given to every question while it is set. */
  always: KeycloakAnswer | null = null;
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const permission = new URLSearchParams(body).get('permission') ?? '';
        const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
        this.questions.push({ method: request.method!, path: request.url!, headers: request.headers, body, token, permission });
        const answer = this.next.shift() ?? this.always ?? this.decide(token, permission);
        if (answer === 'silence') return;
        if (answer === 'hangup') return void request.socket.destroy();
        response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(answer.body);
      });
    });
  }

  private decide(token: string, permission: string): KeycloakAnswer {
    const permissions = this.granted.get(token);
    if (!permissions) return keycloakAnswers.expired;
    if (permissions.includes(permission)) return keycloakAnswers.yes;
    return permission.includes('unknown') ? keycloakAnswers.unknownResource : keycloakAnswers.refused;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
