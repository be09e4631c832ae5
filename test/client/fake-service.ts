import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it arrived. */
export interface Arrived {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
}

/** What a route answers: a status and a body, or a function that writes by itself. */
export type Answer =
  { status?: number; headers?: Record<string, string>; body?: unknown } | ((response: ServerResponse) => void | Promise<void>);

export type Route = (request: Arrived) => Answer | Promise<Answer>;

/** A problem document as the service writes it. */
export const problem = (status: number, code: string, more: object = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: {
    type: `/docs/errors/${code}`,
    title: code,
    status,
    code,
    detail: `${code} happened`,
    instance: '/',
    requestId: 'r-1',
    retryable: false,
    errors: [],
    ...more,
  },
});

/** An HTTP server whose routes a test states: `POST /api/v1/jobs/claim`, with `*` for one part of a path. */
export class FakeService {
  readonly arrived: Arrived[] = [];

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(routes: Readonly<Record<string, Route>>): Promise<FakeService> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const fake = new FakeService(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', (request, response) => void fake.answer(routes, request, response));
    return fake;
  }

  /** Requests of one route, in the order of arrival. */
  of(method: string, pattern: RegExp): Arrived[] {
    return this.arrived.filter((request) => request.method === method && pattern.test(request.path));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(routes: Readonly<Record<string, Route>>, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    const arrived: Arrived = { method: request.method ?? '', path: url.pathname, query: url.searchParams, headers: request.headers, body };
    this.arrived.push(arrived);
    const route = routes[`${arrived.method} ${arrived.path}`] ?? matching(routes, arrived);
    const answer = await (route?.(arrived) ?? problem(404, 'REQUEST.ROUTE_UNKNOWN'));
    if (typeof answer === 'function') return answer(response);
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
  }
}

function matching(routes: Readonly<Record<string, Route>>, { method, path }: Arrived): Route | undefined {
  const name = Object.keys(routes).find((route) => new RegExp(`^${route.replaceAll('*', '[^/]+')}$`).test(`${method} ${path}`));
  return name === undefined ? undefined : routes[name];
}

/** Runs the work with a fake service that is stopped afterwards. */
export async function withFakeService<T>(routes: Readonly<Record<string, Route>>, work: (fake: FakeService) => Promise<T>): Promise<T> {
  const fake = await FakeService.start(routes);
  try {
    return await work(fake);
  } finally {
    await fake.stop();
  }
}

/** Answers in turn; the last one stays. */
export function inTurn(...answers: readonly Answer[]): Route {
  let asked = 0;
  return () => answers[Math.min(asked++, answers.length - 1)]!;
}

/** A job as the API shows it. */
export const jobBody = (fields: Readonly<Record<string, unknown>> = {}) => ({
  jobId: '7b0c6a52-6f0e-4d8e-9f5f-0d5f1a9d3c11',
  version: 1,
  datasetName: 'ROAD_TRAFFIC',
  operation: 'ADD',
  parameters: {},
  status: 'queued',
  phase: null,
  percent: null,
  priority: 'normal',
  notBefore: null,
  dueAt: null,
  tags: [],
  attempt: 0,
  failures: 0,
  losses: 0,
  snoozes: 0,
  maxFailures: 3,
  maxLosses: 3,
  runBudgetSeconds: null,
  lease: null,
  cancelRequested: null,
  error: null,
  attempts: [],
  retryOf: null,
  traceId: null,
  createdBy: { id: 'u-17', name: 'Kari Lie' },
  stale: false,
  overdue: false,
  createdAt: '2026-06-11T08:15:30.120Z',
  updatedAt: '2026-06-11T08:15:30.120Z',
  startedAt: null,
  finishedAt: null,
  ...fields,
});
