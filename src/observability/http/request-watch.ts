import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { stampRequest } from './request-id.js';

/** A request whose answer is sent, or whose client went away before it was. */
export interface FinishedRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** True when the connection ended before the whole answer was written. */
  readonly aborted: boolean;
  readonly durationMs: number;
}

/** Told once of each finished request; must not throw. */
export type RequestObserver = (finished: FinishedRequest) => void;

/**
 * Gives every request its ids and tells the observers when it is over, streams and aborted requests included. Must be called before other hooks and routes
 * are added, so that refusals of later hooks carry the ids too.
 */
export function watchRequests(fastify: FastifyInstance, observers: readonly RequestObserver[]): void {
  fastify.decorateRequest('traceparent', '');
  fastify.addHook('onRequest', (request, reply, done) => {
    const startedAt = performance.now();
    stampRequest(request, reply);
    // Not Fastify's onResponse: it is silent when the connection ends first.
    reply.raw.once('close', () => {
      const finished = { request, reply, aborted: !reply.raw.writableFinished, durationMs: performance.now() - startedAt };
      for (const observe of observers) observe(finished);
    });
    done();
  });
}
