import type { FastifyInstance } from 'fastify';
import { surfaceOf } from './error-surfaces.js';

const onEveryAnswer = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Retry-After, X-Request-ID' } as const;

/** `*` would not stand for Authorization. */
const onPreflights = {
  'access-control-allow-methods': 'GET,POST,OPTIONS',
  'access-control-allow-headers': 'Authorization,Content-Type,X-Request-ID,traceparent',
  'access-control-max-age': '86400',
} as const;

/**
 * Lets pages of any origin call the surfaces that are open to them, and read errors too. Call before the rules that refuse requests are installed, so that
 * refusals carry the headers.
 */
export function installCrossOrigin(instance: FastifyInstance): void {
  instance.addHook('onRequest', (request, reply, done) => {
    if (surfaceOf(request).crossOrigin) {
      void reply.headers(onEveryAnswer);
      if (request.method === 'OPTIONS') void reply.headers(onPreflights);
    }
    done();
  });
}
