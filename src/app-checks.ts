import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DatabaseStarter } from './database/database-starter.js';
import { RelayMonitor } from './events/index.js';
import { type CheckResult, HealthChecks } from './observability/index.js';

/** Age of unrelayed changes at which the relay counts as broken, in seconds. */
const maxRelayLagSeconds = 60;

/** The health checks that belong to no feature: the database and the relay. @see API.md 7, 10 */
@Injectable()
export class AppChecks implements OnModuleInit {
  constructor(
    private readonly checks: HealthChecks,
    private readonly starter: DatabaseStarter,
    private readonly relay: RelayMonitor,
  ) {}

  onModuleInit(): void {
    this.checks.register('database', () => this.database());
    this.checks.register('replicaSet', () => this.replicaSet());
    this.checks.register('indexes', () => Promise.resolve(this.indexes()));
    this.checks.register('schema', () => Promise.resolve(this.schema()));
    // Shown only: one document that cannot be relayed must not take the service down.
    this.checks.register('relay', () => this.relayCheck(), { decides: false });
  }

  private async database(): Promise<CheckResult> {
    await this.starter.hello();
    return { ok: true, detail: null };
  }

  private async replicaSet(): Promise<CheckResult> {
    const hello = await this.starter.hello();
    const ok = hello['isWritablePrimary'] === true && typeof hello['setName'] === 'string';
    return { ok, detail: ok ? null : 'no primary that takes writes' };
  }

  /** Foreign indexes and missing ones that only speed up reading do not make the service unready. */
  private indexes(): CheckResult {
    const faults = this.starter.state.indexFaults.filter((fault) => fault.unique);
    if (!this.starter.state.started) return { ok: false, detail: 'not compared yet' };
    if (faults.length === 0) return { ok: true, detail: null };
    const named = faults.map(({ collection, name, fault }) => `${collection}.${name} is ${fault}`);
    return { ok: false, detail: `${named.join(', ')}: the log has the repair` };
  }

  private schema(): CheckResult {
    return this.starter.state.started ? { ok: true, detail: null } : { ok: false, detail: 'not prepared yet' };
  }

  private async relayCheck(): Promise<CheckResult> {
    const { lagSeconds, lastError } = await this.relay.status();
    if (lagSeconds === null) return { ok: false, detail: 'unknown: the database does not answer' };
    const ok = lagSeconds < maxRelayLagSeconds;
    return { ok, detail: ok ? null : `${Math.round(lagSeconds)} s behind${lastError ? `: ${lastError}` : ''}` };
  }
}
