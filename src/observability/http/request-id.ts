import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller's W3C trace context where it is sane, else one made here; set by `stampRequest`. */
    traceparent: string;
  }
}

const saneRequestId = /^[\w.-]{1,64}$/;

/**
 * The id of a request with these headers: its `X-Request-ID` if that is sane, else a new one.
 * @see SECURITY-RULES.md 10
 */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && saneRequestId.test(given) ? given : randomUUID();
}

const traceContext = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;

function saneTraceparent(given: string): string | undefined {
  const [, version, traceId, parentId, flags, rest] = traceContext.exec(given) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId!) || /^0+$/.test(parentId!)) return undefined;
  return `00-${traceId}-${parentId}-${flags}`;
}

const hex = (): string => randomUUID().replaceAll('-', '');

/**
 * The W3C trace context of a request with these headers: its `traceparent` if that is valid, in the form of version 00, else a new one that is not sampled.
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function traceparentOf(headers: IncomingHttpHeaders): string {
  const given = headers['traceparent'];
  return (typeof given === 'string' ? saneTraceparent(given) : undefined) ?? `00-${hex()}-${hex().slice(0, 16)}-00`;
}

/** The trace id in a trace context: 32 hexadecimal digits. */
export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35);

/**
 * Puts `X-Request-ID` and `traceparent` on the answer, and the latter on the request. A hook does it for every routed request and every 404; answers given
 * before routing (Fastify's `frameworkErrors`) call it themselves.
 */
export function stampRequest(request: FastifyRequest, reply: FastifyReply): void {
  request.traceparent = traceparentOf(request.headers);
  reply.header('x-request-id', request.id);
  reply.header('traceparent', request.traceparent);
}
