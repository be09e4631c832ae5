import { randomUUID } from 'node:crypto';
import type { LeaseDocument } from './lease.schema.js';
import type { LeaseStore } from './lease.store.js';

/** Which lease a keeper keeps. */
export interface LeaseKeeperOptions {
  readonly name: string;
  /** This process, for people who read the lease. */
  readonly holder: string;
  /** After this time without renewal another process may take it; renewed at a third of it. */
  readonly durationMs: number;
}

/** One acquisition: its token, and until when this process may believe in it by its own monotonic clock. */
interface Tenure {
  readonly token: string;
  believedUntil: number;
  renewal: NodeJS.Timeout | undefined;
}

/**
 * Keeps one lease for this process.
 *
 * States: without (at first, after `release`, after another process took it) and holding. `acquire` leads to holding, where a timer renews at a third
 * of the duration. A renewal that fails because the database is away changes nothing until the duration has passed since the last good one, counted
 * from before it was sent; then `held` is false, so that this process stops before another one can start. A later good renewal makes it true again:
 * nobody took the lease meanwhile. A renewal that finds another holder ends the tenure.
 */
export class LeaseKeeper {
  private exists = false;
  private tenure: Tenure | undefined;
  private seq = 0;

  constructor(
    private readonly store: LeaseStore,
    private readonly options: LeaseKeeperOptions,
  ) {}

  /** True while no other process can have the lease. Ask before every statement that needs it. */
  get held(): boolean {
    return this.tenure !== undefined && performance.now() < this.tenure.believedUntil;
  }

  /** Notes a number in the lease, with the next renewal or the release; a successor finds it there. */
  note(seq: number): void {
    this.seq = Math.max(this.seq, seq);
  }

  /** Takes the lease and starts renewing it. Null when another process has it. */
  async acquire(): Promise<LeaseDocument | null> {
    if (!this.exists) await this.store.ensure(this.options.name);
    this.exists = true;
    const token = randomUUID();
    const askedAt = performance.now();
    const lease = await this.store.acquire({ ...this.options, token });
    if (!lease) return null;
    this.seq = lease.seq;
    this.tenure = { token, believedUntil: askedAt + this.options.durationMs, renewal: undefined };
    this.renewLater(this.tenure);
    return lease;
  }

  /** Frees the lease for a successor. Does nothing without one; safe to repeat. */
  async release(): Promise<void> {
    const { tenure } = this;
    if (!tenure) return;
    this.tenure = undefined;
    clearTimeout(tenure.renewal);
    await this.store.release({ name: this.options.name, token: tenure.token }, this.seq);
  }

  private renewLater(tenure: Tenure): void {
    tenure.renewal = setTimeout(() => void this.renew(tenure), this.options.durationMs / 3);
  }

  private async renew(tenure: Tenure): Promise<void> {
    const askedAt = performance.now();
    try {
      const good = await this.store.renew({ ...this.options, token: tenure.token }, this.seq);
      if (good) tenure.believedUntil = askedAt + this.options.durationMs;
      else if (this.tenure === tenure) this.tenure = undefined;
    } catch {
      // The database is away; `held` runs out by itself when that lasts.
    }
    if (this.tenure === tenure) this.renewLater(tenure);
  }
}
