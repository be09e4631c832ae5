import type mongoose from 'mongoose';
import { KillableService } from '../../kill/killable-service.js';
import { startService, type Service } from '../../support/service.js';

/** Which process dies. */
export const fleetVictims = ['service', 'database', 'replica'] as const;
export type FleetVictim = (typeof fleetVictims)[number];

/** Short leases, so that lost ones are found in the time of a test. */
const settings = {
  JOBS_MIN_LEASE_SECONDS: '1',
  JOBS_RESCUE_GRACE_SECONDS: '3',
  JOBS_BACKOFF_SECONDS: '1',
  JOBS_MAX_FAILURES: '10',
  JOBS_MAX_LOSSES: '3',
} as const;

/** Two services on one database: one that looks after the database process, and a replica beside it. Each of the three processes can be killed. */
export class FleetPlatform {
  private constructor(
    private readonly first: KillableService,
    private replica: Service,
  ) {}

  static async start(): Promise<FleetPlatform> {
    const first = await KillableService.start(settings);
    try {
      return new FleetPlatform(first, await startReplica(first, '0'));
    } catch (error) {
      await first.close();
      throw error;
    }
  }

  get urls(): readonly string[] {
    return [this.first.http.url, this.replica.url];
  }

  /** Of an admin. */
  get bearer(): string {
    return this.first.bearer;
  }

  /** Ends one process with SIGKILL, and returns once both services are ready again. */
  async killAndRecover(victim: FleetVictim): Promise<void> {
    if (victim !== 'replica') return this.first.killAndRecover(victim);
    await this.replica.kill();
    this.replica.http.close();
    this.replica = await startReplica(this.first, new URL(this.replica.url).port);
  }

  withDatabase<T>(read: (connection: mongoose.Connection) => Promise<T>): Promise<T> {
    return this.first.withDatabase(read);
  }

  /** Ends everything and removes the data. */
  async close(): Promise<void> {
    await this.replica.stop().finally(() => this.first.close());
  }
}

/** The same data folder holds the key by which both know tokens. */
async function startReplica(first: KillableService, port: string): Promise<Service> {
  const place = { MONGODB_URL: await first.mongodbUrl(), MONGODB_DATABASE: 'signalbox', PORT: port };
  return startService({ database: 'given', dataDir: first.dataDir, env: { ...settings, ...place } });
}
