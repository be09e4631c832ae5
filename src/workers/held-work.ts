import { Injectable } from '@nestjs/common';

/** A job that a worker holds. */
export interface HeldJob {
  readonly jobId: string;
  readonly datasetName: string;
  readonly operation: string;
  readonly phase: string | null;
  readonly percent: number | null;
  readonly claimedAt: Date;
  readonly leaseExpiresAt: Date;
}

/** Since when the oldest claimable job of an operation waits. */
export interface WaitingOperation {
  readonly operation: string;
  readonly since: Date;
}

/** What the feature that owns the work says about workers' part in it. */
export interface HeldWorkSource {
  /** The jobs that some workers hold, by worker; workers without any may be missing. */
  findHeldBy(workerIds: readonly string[]): Promise<ReadonlyMap<string, readonly HeldJob[]>>;
  /** Operations with jobs that could start now. */
  listWaitingOperations(): Promise<readonly WaitingOperation[]>;
}

/** Where workers learn of the work that they hold: the feature that owns it registers itself, so that this one knows nothing of it. */
@Injectable()
export class HeldWorkRegistry implements HeldWorkSource {
  private source: HeldWorkSource | undefined;

  register(source: HeldWorkSource): void {
    this.source = source;
  }

  async findHeldBy(workerIds: readonly string[]): Promise<ReadonlyMap<string, readonly HeldJob[]>> {
    return this.source && workerIds.length > 0 ? this.source.findHeldBy(workerIds) : new Map();
  }

  async listWaitingOperations(): Promise<readonly WaitingOperation[]> {
    return this.source ? this.source.listWaitingOperations() : [];
  }
}
