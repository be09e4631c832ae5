import { Injectable } from '@nestjs/common';
import { OutboxRegistry } from './outbox-registry.js';
import { OutboxStore } from './outbox.store.js';
import { Relay } from './relay.js';

/** What health and metrics tell of the relay. */
export interface RelayStatus {
  /** True in the one process that relays. */
  readonly leader: boolean;
  /** Documents with changes that are not events yet, of all collections together; of each at most 10,000 are counted. */
  readonly pending: number;
  /** Age of the oldest such change; 0 when there is none, null when the database could not be asked. */
  readonly lagSeconds: number | null;
  /** Why relaying last failed in this process; null after a round that went well. */
  readonly lastError: string | null;
}

const validForMs = 1_000;

/** Answers how far the relay is behind, in any process. */
@Injectable()
export class RelayMonitor {
  private measured: { readonly atMs: number; readonly backlog: Promise<Pick<RelayStatus, 'pending' | 'lagSeconds'>> } | undefined;

  constructor(
    private readonly relay: Relay,
    private readonly registry: OutboxRegistry,
    private readonly outboxes: OutboxStore,
  ) {}

  /** How the relay stands; asks the database at most once a second. Never rejects. */
  async status(): Promise<RelayStatus> {
    const now = performance.now();
    if (!this.measured || now - this.measured.atMs > validForMs) this.measured = { atMs: now, backlog: this.measure() };
    const { leader, lastError } = this.relay;
    return { leader, lastError, ...(await this.measured.backlog) };
  }

  private async measure(): Promise<Pick<RelayStatus, 'pending' | 'lagSeconds'>> {
    try {
      const backlogs = await Promise.all(this.registry.sources.map((source) => this.outboxes.measure(source)));
      const pending = backlogs.reduce((sum, backlog) => sum + backlog.pending, 0);
      return { pending, lagSeconds: Math.max(0, ...backlogs.map((backlog) => backlog.lagSeconds)) };
    } catch {
      this.measured = undefined; // the next to ask looks again
      return { pending: 0, lagSeconds: null }; // the check of the database says what is wrong
    }
  }
}
