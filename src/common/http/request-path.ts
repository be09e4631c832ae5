import type { FastifyRequest } from 'fastify';

/** Before the path of a request in absolute form, as proxies get it. @see RFC 9112 3.2.2 */
const origin = /^https?:\/\/[^/?]*/i;

/** Path of a request without its query, spelled as the caller did. */
export const pathOf = (request: FastifyRequest): string => request.raw.url?.replace(origin, '').split('?', 1)[0] || '/';

/** Printable ASCII but the slash, which stays in its segment as the router has it. */
const escaped = /%(?!2f)[2-7][\da-f]/gi;

/**
 * Where a request belongs, whatever its spelling: the pattern of its route, such as `/api/v1/jobs/:jobId`; without a route the decoded path. Whoever asks to which API
 * a request goes asks this.
 */
export function placeOf(request: FastifyRequest): string {
  const pattern = request.is404 ? undefined : request.routeOptions.url;
  return pattern ?? pathOf(request).replace(escaped, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
}

/** True for the native API, whose rules are stricter than those of the originals. */
export const isNative = (request: FastifyRequest): boolean => placeOf(request).startsWith('/api/');
