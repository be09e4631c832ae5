import type { FastifyRequest } from 'fastify';
import { traceIdOf } from '../http/request-id.js';
import type { FinishedRequest, RequestObserver } from '../http/request-watch.js';
import { cut } from './loggable.js';
import type { LogFields } from './log-fields.js';

/** What workers, dashboards and load balancers read every few seconds; their lines would drown all others. */
const polledRoutes = new Set([
  '/jobs',
  '/maintenance-status',
  '/maintenance-statuses/latest',
  '/metrics',
  '/api/v1/jobs',
  '/api/v1/datasets',
  '/api/v1/targets',
  '/api/v1/maintenance',
]);
const pathLength = 256;

function isPolled({ method, routeOptions: { url } }: FastifyRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && url !== undefined && (polledRoutes.has(url) || url.startsWith('/health/'));
}

/** Health answers of 503 count as polled too: `HealthChecks` says once what broke. */
function levelOf({ request, reply }: FinishedRequest): 'info' | 'debug' {
  const { statusCode } = reply;
  const refused = statusCode >= 400 && statusCode < 500;
  const read = statusCode < 400 || request.routeOptions.url?.startsWith('/health/') === true;
  return refused || (read && isPolled(request)) ? 'debug' : 'info';
}

function outcomeOf({ reply: { statusCode }, aborted }: FinishedRequest): string {
  if (aborted) return 'aborted';
  if (statusCode < 400) return 'ok';
  return statusCode < 500 ? 'refused' : 'failed';
}

function fieldsOf(finished: FinishedRequest, actor: string | undefined): LogFields {
  const { request, reply } = finished;
  const { jobId, datasetName } = (request.params ?? {}) as { jobId?: string; datasetName?: string };
  return {
    requestId: request.id,
    traceId: traceIdOf(request.traceparent),
    method: request.method,
    path: cut(request.raw.url?.split('?', 1)[0] ?? '', pathLength),
    statusCode: reply.statusCode,
    outcome: outcomeOf(finished),
    durationMs: Math.round(finished.durationMs * 10) / 10,
    actor,
    jobId,
    datasetName,
  };
}

/** Id of the principal of a request; undefined when it has none or was refused before that was known. */
export type ActorOf = (request: FastifyRequest) => string | undefined;

/**
 * Writes one line, `responded`, for each finished request: at `info`, or at `debug` where the caller was refused or only polled. Neither query, headers nor
 * bodies are written. What went wrong in a 5xx is another line with the same `requestId`, written where the error is rendered.
 */
export function requestLog(actorOf: ActorOf): RequestObserver {
  return (finished) => {
    const { log } = finished.request.server;
    const level = levelOf(finished);
    if (level === 'debug' && (log.level === 'info' || log.level === 'warn' || log.level === 'error')) return;
    log[level](fieldsOf(finished, actorOf(finished.request)), 'responded');
  };
}
