import { createHash, randomBytes } from 'node:crypto';

const digest = (...parts: readonly string[]): string =>
  createHash('sha256')
    .update(parts.map((part) => `${part.length}:${part}`).join(''))
    .digest('base64url');

/** A fresh fencing token of 128 random bits. */
export const newLeaseToken = (): string => randomBytes(16).toString('base64url');

/** What is kept of a token with the attempt that it belonged to; nothing can be done with it. */
export const leaseMarkOf = (token: string): string => digest('lease', token).slice(0, 22);

/** Calls of a worker that end an attempt, and whose repeat gets the same answer. */
export type ClosingCall = 'complete' | 'fail';

/** The fingerprint of a closing call: equal only for the same call with the same token and body. @param body as it was parsed */
export const closingMarkOf = (call: ClosingCall, token: string, body: object): string => digest(call, token, canonical(body));

/** A claimer's own name for its claim, bound to the claimer, so that nobody else can ask for the lease by it. */
export const claimMarkOf = (claimer: { actorId: string; workerId: string }, claimId: string): string =>
  digest('claim', claimer.actorId, claimer.workerId, claimId);

/** JSON with sorted keys, so that the order in which a client writes them does not matter. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
