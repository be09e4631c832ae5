import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type HeldJob, HeldWorkRegistry, type HeldWorkSource, type WaitingOperation } from '../workers/index.js';
import { JobListsStore } from './job-lists.store.js';

/** Who holds which job, for the feature that shows workers. */
@Injectable()
export class HeldJobs implements HeldWorkSource, OnModuleInit {
  constructor(
    private readonly lists: JobListsStore,
    private readonly registry: HeldWorkRegistry,
  ) {}

  onModuleInit(): void {
    this.registry.register(this);
  }

  async findHeldBy(workerIds: readonly string[]): Promise<ReadonlyMap<string, readonly HeldJob[]>> {
    const held = new Map<string, HeldJob[]>();
    for (const { _id, datasetName, operation, phase, percent, lease } of await this.lists.findLeasedTo(workerIds)) {
      const { workerId, claimedAt, expiresAt: leaseExpiresAt } = lease!;
      const job = { jobId: _id, datasetName, operation, phase, percent, claimedAt, leaseExpiresAt };
      held.set(workerId, [...(held.get(workerId) ?? []), job]);
    }
    return held;
  }

  async listWaitingOperations(): Promise<readonly WaitingOperation[]> {
    return (await this.lists.oldestQueued()).map(({ operation, since }) => ({ operation, since }));
  }
}
