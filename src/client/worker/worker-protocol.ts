import type { components } from '../openapi.types.js';
import type { SignalboxClient } from '../signalbox-client.js';

type Schemas = components['schemas'];

/** A job as the native API shows it. */
export type Job = Schemas['JobDto'];

/** Who claims: `id` is the same after a restart, and unique among the workers. */
export type WorkerIdentity = Readonly<Schemas['ClaimingWorkerDto']>;

/** What a claim asks for. With a `claimId` a repeat gets the same job and lease. */
export type ClaimRequest = Readonly<Omit<Schemas['ClaimDto'], 'operations'>> & {
  readonly operations: readonly string[];
  readonly waitSeconds: number;
};

type Answered = Schemas['ClaimAnswerDto'];
type Given<K extends keyof Answered> = { readonly [name in K]: NonNullable<Answered[name]> };

/** Answer of a claim: a job under a lease, or why there is none. @see API.md 4 */
export type ClaimAnswer =
  | Given<'job' | 'leaseToken' | 'leaseExpiresAt' | 'heartbeatSeconds'>
  | ({ readonly job: null } & Given<'reason'> & Pick<Answered, 'detail' | 'retryAfterSeconds'>);

/** Answer of a heartbeat. */
export type HeartbeatAnswer = Schemas['HeartbeatAnswerDto'];

/** What a worker tells about its run. A checkpoint has at most 16 KiB; the next attempt finds it on its job. */
export type Progress = Readonly<Pick<Schemas['HeartbeatDto'], 'phase' | 'percent' | 'checkpoint'>>;

type Beat = Progress & Readonly<Pick<Schemas['HeartbeatDto'], 'log' | 'logOffset'>>;

/** What a finished run leaves beside its success. */
export type RunResult = Readonly<Omit<Schemas['CompleteDto'], 'leaseToken'>>;

/** Why an attempt ends without success, and whether and when there is another. */
export type Failure = Readonly<Pick<Schemas['FailDto'], 'retryable' | 'retryAfterSeconds'>> & {
  readonly error: Readonly<Schemas['FailureDto']>;
};

/** Longer than the service lets a claim wait, so that an answer is not cut off. */
const claimTimeoutMs = (waitSeconds: number): number => (waitSeconds + 15) * 1_000;

/** Asks for a job, as long as the service lets the call wait. */
export function claim(client: SignalboxClient, body: ClaimRequest, signal?: AbortSignal): Promise<ClaimAnswer> {
  return client.request({
    method: 'POST',
    path: '/api/v1/jobs/claim',
    body,
    timeoutMs: claimTimeoutMs(body.waitSeconds),
    ...(signal ? { signal } : {}),
  });
}

/** One held job: every call names its lease token, and is a LeaseLostError once another run may have the job. */
export class Lease {
  constructor(
    private readonly client: SignalboxClient,
    readonly jobId: string,
    private readonly leaseToken: string,
  ) {}

  heartbeat(report: Beat): Promise<HeartbeatAnswer> {
    return this.call('heartbeat', report);
  }

  complete(result: RunResult): Promise<Job> {
    return this.call('complete', result);
  }

  fail(failure: Failure): Promise<Job> {
    return this.call('fail', failure);
  }

  snooze(seconds: number, reason: string): Promise<Job> {
    return this.call('snooze', { seconds, reason });
  }

  release(): Promise<Job> {
    return this.call('release', {});
  }

  private call<T>(action: string, body: object): Promise<T> {
    const path = `/api/v1/jobs/${encodeURIComponent(this.jobId)}/${action}`;
    return this.client.request({ method: 'POST', path, body: { leaseToken: this.leaseToken, ...body }, timeoutMs: 10_000 });
  }
}
