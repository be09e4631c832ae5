import type { FastifyInstance } from 'fastify';

/** Fastify adds a charset that the originals never sent; their clients compare the header. */
export function installPlainJsonType(instance: FastifyInstance): void {
  instance.addHook('onSend', (request, reply, payload, done) => {
    if (reply.getHeader('content-type') === 'application/json; charset=utf-8' && !request.raw.url!.startsWith('/api/'))
      reply.header('content-type', 'application/json');
    done(null, payload);
  });
}
