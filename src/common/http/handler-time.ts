import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ServiceUnavailableError } from '../errors/service.errors.js';
import { serverLimits } from './server-limits.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Longest time of the handler in seconds, for a route that waits for something; see `serverLimits.handlerMs`. */
    handlerSeconds?: number;
  }
}

function limitHandler(request: FastifyRequest, reply: FastifyReply): void {
  const seconds = request.routeOptions.config.handlerSeconds;
  const timer = setTimeout(
    () => {
      if (!reply.sent && !reply.raw.headersSent) reply.send(new ServiceUnavailableError('The answer took too long. Try again.'));
    },
    seconds === undefined ? serverLimits.handlerMs : seconds * 1_000,
  );
  reply.raw.once('close', () => clearTimeout(timer));
}

/**
 * Answers 503 when a handler takes too long. The time begins when the body has been read, which has its own limit; what the handler does then goes on, and its
 * answer is dropped. Streams have no limit once they have begun.
 */
export function installHandlerTime(instance: FastifyInstance): void {
  instance.addHook('preHandler', (request, reply, done) => {
    limitHandler(request, reply);
    done();
  });
}
