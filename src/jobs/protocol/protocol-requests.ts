import type { Role } from '../../common/caller.js';
import { RequestInvalidError } from '../../common/errors/request.errors.js';
import { RoleMissingError } from '../../auth/index.js';
import type { JobError } from '../jobs.schema.js';
import type { ClaimRequest } from './claims.service.js';
import type { Heartbeat } from './lease-changes.js';
import type { Completion } from './lease-ends.js';
import { closingMarkOf } from './lease-token.js';
import type { FailureReport } from './leases.service.js';
import type { ClaimDto, CompleteDto, FailDto, FailureDto, HeartbeatDto } from './protocol.dto.js';

const maxObjectBytes = 16_384;

/**
 * A free object as the JSON text that is stored; null without one.
 * @throws RequestInvalidError when it is larger than 16 KiB
 */
function jsonText(value: object | null | undefined, pointer: string): string | null {
  if (value === undefined || value === null) return null;
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) <= maxObjectBytes) return text;
  const message = 'is larger than 16 KiB as JSON';
  throw new RequestInvalidError(`${pointer.slice(1)} ${message}.`, [{ pointer, code: 'size', message }]);
}

const invalid = (pointer: string, code: string, message: string): RequestInvalidError =>
  new RequestInvalidError(`${pointer.slice(1)} ${message}.`, [{ pointer, code, message }]);

/** The claim that a body asks for. @throws RequestInvalidError when the lease is shorter than the settings allow */
export function claimOf({ worker, operations, leaseSeconds, waitSeconds, claimId }: ClaimDto, minLeaseSeconds: number): ClaimRequest {
  if (leaseSeconds !== undefined && leaseSeconds < minLeaseSeconds) {
    throw invalid('/leaseSeconds', 'min', `must not be less than ${minLeaseSeconds}`);
  }
  const who = { workerId: worker.id, workerVersion: worker.version ?? null };
  return { ...who, operations, leaseSeconds: leaseSeconds ?? null, waitSeconds: waitSeconds ?? 0, claimId: claimId ?? null };
}

/** The heartbeat of a body. @throws RequestInvalidError */
export function heartbeatOf({ phase, percent, checkpoint, log, logOffset }: HeartbeatDto): Heartbeat {
  const text = jsonText(checkpoint, '/checkpoint') ?? undefined;
  return { phase, percent, checkpoint: text, log: log ?? [], logOffset };
}

/** What a completing body leaves in the job. @throws RequestInvalidError */
export function completionOf(body: CompleteDto): Completion {
  const { leaseToken, ...rest } = body;
  return {
    result: jsonText(body.result, '/result'),
    inputs: jsonText(body.inputs, '/inputs'),
    outputs: jsonText(body.outputs, '/outputs'),
    closingCall: closingMarkOf('complete', leaseToken, rest),
  };
}

const errorOf = ({ code, message, details }: FailureDto): JobError => ({ code, message, details: jsonText(details, '/error/details') });

/** The failure that a worker's body reports. @throws RequestInvalidError */
export function failureOf(leaseToken: string, body: FailDto): FailureReport {
  const { leaseToken: _token, ...rest } = body;
  if (!body.error) throw invalid('/error', 'required', 'must say why the attempt failed');
  const closingCall = closingMarkOf('fail', leaseToken, rest);
  return { error: errorOf(body.error), retryable: body.retryable ?? true, retryAfterSeconds: body.retryAfterSeconds ?? null, closingCall };
}

/** Who acts on a running job: its worker by token, or an operator by reason. */
export type Actor = { readonly kind: 'worker'; readonly leaseToken: string } | { readonly kind: 'operator'; readonly reason: string };

/**
 * Who a body speaks for.
 * @throws RoleMissingError when the caller's token lacks the role for that; RequestInvalidError with neither token nor reason
 */
export function actorOf({ leaseToken, reason }: { leaseToken?: string; reason?: string }, roles: readonly Role[]): Actor {
  const needed = leaseToken === undefined ? 'operator' : 'worker';
  if (!roles.includes(needed) && !roles.includes('admin')) throw new RoleMissingError([needed, 'admin']);
  if (leaseToken !== undefined) return { kind: 'worker', leaseToken };
  if (reason === undefined) throw invalid('/reason', 'required', 'must say why, where there is no leaseToken');
  return { kind: 'operator', reason };
}
