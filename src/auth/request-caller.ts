import type { FastifyRequest } from 'fastify';
import type { Caller } from '../common/caller.js';
import type { Access } from './access.js';
import type { DatasetToken } from './datasets/dataset-permissions.js';
import type { Principal } from './token-claims.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by authentication; null on routes that do not look at credentials. */
    principal: Principal | null;
    /** Set by authentication on routes where the dataset decides. */
    datasetToken: DatasetToken | null;
  }
  interface FastifyContextConfig {
    access?: Access;
  }
}

/** Who makes a request, as history names it: the principal of its token, else `anonymous`. */
export function callerOf(request: FastifyRequest): Caller {
  const { principal } = request;
  const identity = principal
    ? { id: principal.id, name: principal.name, role: principal.role ?? ('none' as const) }
    : ({ id: 'anonymous', name: 'anonymous', role: 'anonymous' } as const);
  const trace = request.traceparent ? { traceparent: request.traceparent } : {};
  return { actor: { ...identity, address: request.ip }, requestId: request.id, ...trace };
}

/** When the token of a request stops being accepted, in milliseconds since 1970; null without a token. */
export const tokenEndsAtMs = (request: FastifyRequest): number | null => request.principal?.endsAtMs ?? null;
