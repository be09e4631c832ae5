import { Injectable, type OnModuleInit } from '@nestjs/common';
import { KeySource } from './auth/index.js';
import { PoolUse } from './database/pool-use.js';
import { Transactions } from './database/transactions.js';
import { RelayMonitor } from './events/index.js';
import { MetricSources } from './observability/index.js';

/** The gauges that need more than one feature, or none. @see API.md 7 */
@Injectable()
export class AppMetrics implements OnModuleInit {
  constructor(
    private readonly sources: MetricSources,
    private readonly transactions: Transactions,
    private readonly pool: PoolUse,
    private readonly relay: RelayMonitor,
    private readonly keys: KeySource,
  ) {}

  onModuleInit(): void {
    this.sources.register('process', () => {
      const age = this.keys.keySetAgeSeconds();
      return Promise.resolve({
        transactionRetries: this.transactions.retries,
        databaseConnections: { ...this.pool.counts },
        ...(age !== null && { keySetAgeSeconds: age }),
      });
    });
    this.sources.register('relay', async () => {
      const { pending, lagSeconds } = await this.relay.status();
      return lagSeconds === null ? {} : { relayPending: pending, relayLagSeconds: lagSeconds };
    });
  }
}
