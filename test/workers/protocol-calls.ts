import { afterAll, beforeAll } from '@jest/globals';
import type { Role } from '../../src/common/caller.js';
import { type Answer, type Json, type Replicas, startReplicas } from './protocol-app.js';

/** A job under a lease, and how its worker goes on. */
export interface LeasedJob {
  readonly operation: string;
  readonly id: string;
  readonly token: string;
  /** The answer of the claim. */
  readonly claimed: Json;
  /** A call with the lease's token. */
  step(name: string, body?: object, role?: Role): Promise<Answer>;
}

/** One replica of a test file, and the calls of workers. */
export interface Protocol {
  readonly replicas: Replicas;
  call(path: string, body: unknown, role?: Role | Role[]): Promise<Answer>;
  /** An operation of the test's own, so that no test claims another's job. */
  freshOperation(): string;
  /** The answer of a claim. */
  claim(operation: string, fields?: Record<string, unknown>): Promise<Json>;
  leased(job?: Record<string, unknown>, claim?: Record<string, unknown>): Promise<LeasedJob>;
  get(id: string): Promise<Json>;
  /** The event types of a job, oldest first. */
  typesOf(job: Json): string[];
  logOf(id: string): Promise<string[]>;
}

const extraOperations = Array.from({ length: 80 }, (_, index) => `OP_${index}`);

/** Starts one replica for the calling file. */
export function useProtocol(): Protocol {
  let started: Replicas | undefined;
  let used = 0;
  beforeAll(async () => {
    const extra = { JOBS_EXTRA_OPERATIONS: extraOperations.join(','), JOBS_MIN_LEASE_SECONDS: '1' };
    started = await startReplicas(1, { ...extra, JOBS_RESCUE_GRACE_SECONDS: '0', JOBS_BACKOFF_SECONDS: '10' });
  }, 60_000);
  afterAll(async () => started?.stop(), 30_000);
  const call: Protocol['call'] = (path, body, role) => started!.one.call('POST', path, body, role);
  const freshOperation = (): string => extraOperations[used++]!;
  const claim: Protocol['claim'] = async (operation, fields = {}) => {
    const reply = await call('/jobs/claim', { worker: { id: 'w-1', version: '1.0' }, operations: [operation], ...fields }, 'worker');
    if (reply.status !== 200) throw new Error(JSON.stringify(reply.body));
    return reply.body;
  };
  return {
    get replicas() {
      return started!;
    },
    call,
    freshOperation,
    claim,
    leased: async (job = {}, fields = {}) => {
      const operation = freshOperation();
      await started!.createJob({ operation, ...job });
      const claimed = await claim(operation, fields);
      const id: string = claimed.job.jobId;
      const step: LeasedJob['step'] = (name, body = {}, role = 'worker') =>
        call(`/jobs/${id}/${name}`, { leaseToken: claimed.leaseToken, ...body }, role);
      return { operation, id, token: claimed.leaseToken, claimed, step };
    },
    get: async (id) => (await started!.one.call('GET', `/jobs/${id}`)).body,
    typesOf: (job) => job.history.map((entry: Json) => entry.type).reverse(),
    logOf: async (id) => (await started!.one.call('GET', `/jobs/${id}/log?limit=200`)).body.items.map((line: Json) => line.message),
  };
}
