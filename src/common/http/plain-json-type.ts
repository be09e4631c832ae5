import type { FastifyInstance } from 'fastify';
import { isNative } from './request-path.js';

/** Fastify adds a charset that the originals never sent; their clients compare the header. */
export function installPlainJsonType(instance: FastifyInstance): void {
  instance.addHook('onSend', (request, reply, payload, done) => {
    if (reply.getHeader('content-type') === 'application/json; charset=utf-8' && !isNative(request))
      reply.header('content-type', 'application/json');
    done(null, payload);
  });
}
