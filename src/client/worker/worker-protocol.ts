import type { components } from '../openapi.types.js';
import type { SignalboxClient } from '../signalbox-client.js';

/** A job as the native API shows it. */
export type Job = components['schemas']['JobDto'] & { readonly checkpoint?: Readonly<Record<string, unknown>> | null };

/** Who claims. */
export interface WorkerIdentity {
  /** The same after a restart, unique among the workers. */
  readonly id: string;
  readonly version?: string;
}

/** Answer of a claim. @see API.md 4 */
export type ClaimAnswer =
  | { readonly job: Job; readonly leaseToken: string; readonly leaseExpiresAt: string; readonly heartbeatSeconds: number }
  | {
      readonly job: null;
      readonly reason: 'empty' | 'maintenance' | 'drained' | 'stopping';
      readonly detail?: string | null;
      readonly retryAfterSeconds?: number | null;
    };

/** Answer of a heartbeat. */
export interface HeartbeatAnswer {
  readonly leaseExpiresAt: string;
  readonly heartbeatSeconds: number;
  readonly control: {
    readonly cancel: { readonly reason: string; readonly by: string } | null;
    readonly drain: { readonly reason: string } | null;
  };
}

/** What a worker tells about its run; every field is optional. */
export interface Progress {
  readonly phase?: string;
  readonly percent?: number;
  /** At most 16 KiB; the next attempt finds it on its job. */
  readonly checkpoint?: Readonly<Record<string, unknown>>;
}

/** What a finished run leaves beside its success. */
export interface RunResult {
  readonly result?: Readonly<Record<string, unknown>>;
  readonly inputs?: readonly DatasetVersion[];
  readonly outputs?: readonly DatasetVersion[];
}

/** A dataset that a run read or wrote, for the lineage. */
export interface DatasetVersion {
  readonly namespace: string;
  readonly name: string;
  readonly version?: string;
}

/** What a claim asks for. */
export interface ClaimRequest {
  readonly worker: WorkerIdentity;
  readonly operations: readonly string[];
  readonly leaseSeconds: number;
  readonly waitSeconds: number;
  /** Repeating a claim with its id gives the same job and lease. */
  readonly claimId: string;
}

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

  heartbeat(report: Progress & { log?: readonly string[]; logOffset?: number }): Promise<HeartbeatAnswer> {
    return this.call('heartbeat', report);
  }

  complete(result: RunResult): Promise<Job> {
    return this.call('complete', result);
  }

  fail(body: {
    error: { code: string; message: string; details?: unknown };
    retryable?: boolean;
    retryAfterSeconds?: number;
  }): Promise<Job> {
    return this.call('fail', body);
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
