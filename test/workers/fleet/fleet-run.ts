import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConflictError, createClient, NoAnswerError, type SignalboxClient, UnavailableError } from '../../../src/client/index.js';
import { LoadBalancer } from '../../support/load-balancer.js';
import { checkFleet, type FleetFindings, type FleetStore, type StoredJob } from './fleet-checks.js';
import { FleetLedger } from './fleet-ledger.js';
import { FleetPlatform, type FleetVictim, fleetVictims } from './fleet-platform.js';
import { FleetWorker } from './fleet-worker.js';

/** How large a run is. */
export interface FleetOptions {
  readonly workers: number;
  readonly jobs: number;
  /** Of a hundred claimed jobs, with how many the worker vanishes. */
  readonly vanishPercent: number;
  /** How often a process is killed, spread evenly over the jobs: service, database and replica by turns. */
  readonly kills: number;
  readonly leaseSeconds: number;
  /** A run that takes longer has lost something. */
  readonly limitMinutes: number;
  /** Told in one line what happens. */
  readonly report?: (line: string) => void;
}

/** What a run found and met. */
export type FleetResult = FleetFindings & {
  readonly createdJobs: number;
  readonly claims: number;
  readonly vanished: number;
  readonly returned: number;
  readonly leasesLost: number;
  readonly unknownOutcomes: number;
  readonly killed: readonly FleetVictim[];
  readonly seconds: number;
};

/** How many broken promises a run found. */
export const violationsOf = ({ doubleLeases, lostJobs, others }: FleetFindings): string[] => [...doubleLeases, ...lostJobs, ...others];

const creators = 8;
const lookEveryMs = 250;
/** Outlasts the restart of a service and of the database on a busy machine. */
const retries = { tries: 20, firstPauseMs: 50, longestPauseMs: 1_000 };

/**
 * Lets workers, spread over two services on one database, work all jobs off while some of them vanish and processes are killed; then compares what the workers were
 * told with what is stored. Starts and removes everything itself.
 */
export async function runFleet(options: FleetOptions): Promise<FleetResult> {
  const platform = await FleetPlatform.start();
  const balancer = new LoadBalancer(platform.urls);
  try {
    return await new FleetRun(options, platform, balancer).play();
  } finally {
    await balancer.close();
    await platform.close();
  }
}

class FleetRun {
  private readonly ledger = new FleetLedger();
  private readonly done = new AbortController();
  private readonly killed: FleetVictim[] = [];
  private readonly client: SignalboxClient;
  private finished = 0;

  constructor(
    private readonly options: FleetOptions,
    private readonly platform: FleetPlatform,
    balancer: LoadBalancer,
  ) {
    setMaxListeners(0, this.done.signal);
    this.client = createClient({ url: platform.urls[0]!, token: platform.bearer, retries, timeoutMs: 15_000, fetch: balancer.fetch });
  }

  async play(): Promise<FleetResult> {
    const { workers, vanishPercent, leaseSeconds } = this.options;
    const startedAt = performance.now();
    const { client, ledger, done } = this;
    const context = { client, ledger, leaseSeconds, vanishPercent, done: done.signal };
    const working = Promise.all(Array.from({ length: workers }, (_, index) => new FleetWorker(`w-${index}`, context).run()));
    const killing = this.killByTurns();
    try {
      await Promise.all([this.createAll(), this.untilAllDone()]);
    } finally {
      done.abort();
    }
    await Promise.all([working, killing]);
    return this.resultAfter((performance.now() - startedAt) / 1_000);
  }

  private async createAll(): Promise<void> {
    const numbers = Array.from({ length: this.options.jobs }, (_, number) => number).values();
    const create = async (): Promise<void> => {
      for (const number of numbers) this.ledger.created.add(await this.createOne(`FLEET_${number}`));
    };
    await Promise.all(Array.from({ length: creators }, create));
    this.options.report?.(`${this.ledger.created.size} jobs created`);
  }

  /** Repeats under one key until an answer arrives; a dataset that is busy is so with the job of an answer that was lost. */
  private async createOne(datasetName: string): Promise<string> {
    const headers = { 'idempotency-key': randomUUID() };
    for (;;) {
      try {
        const body = { datasetName, operation: 'ADD' };
        return (await this.client.request<{ jobId: string }>({ method: 'POST', path: '/api/v1/jobs', body, headers })).jobId;
      } catch (error) {
        if (!(error instanceof NoAnswerError || error instanceof UnavailableError || error instanceof ConflictError)) throw error;
        await sleep(lookEveryMs);
      }
    }
  }

  /** Resolves when every job is done, or the time is over: what is left then is found by the checks. */
  private async untilAllDone(): Promise<void> {
    const { jobs, limitMinutes, report } = this.options;
    const giveUpAt = performance.now() + limitMinutes * 60_000;
    for (let told = 0; this.finished < jobs && performance.now() < giveUpAt;) {
      await sleep(lookEveryMs);
      this.finished = await this.countFinished();
      if (this.finished < told + jobs / 10) continue;
      told = this.finished;
      report?.(`${told} of ${jobs} jobs done, ${this.ledger.holds.length} claims, ${this.ledger.vanished} vanished`);
    }
  }

  /** What was counted last while the database is away. Counts one by one: the estimate of a server that was killed stays wrong. */
  private countFinished(): Promise<number> {
    return this.platform.withDatabase((connection) => connection.collection('completed').countDocuments()).catch(() => this.finished);
  }

  private async killByTurns(): Promise<void> {
    const { kills, jobs, report } = this.options;
    for (let turn = 0; turn < kills; turn++) {
      while (this.finished < (jobs * (turn + 0.5)) / kills && !this.done.signal.aborted) await sleep(lookEveryMs);
      if (this.done.signal.aborted) return;
      const victim = fleetVictims[turn % fleetVictims.length]!;
      await this.platform.killAndRecover(victim);
      this.killed.push(victim);
      report?.(`killed the ${victim}; it is back`);
    }
  }

  private async resultAfter(seconds: number): Promise<FleetResult> {
    const { ledger, killed } = this;
    const { vanished, returned, leasesLost, unknownOutcomes } = ledger;
    const findings = checkFleet(ledger, await this.readStore());
    const counts = { createdJobs: ledger.created.size, claims: ledger.holds.length, vanished, returned, leasesLost, unknownOutcomes };
    return { ...findings, ...counts, killed, seconds };
  }

  private readStore(): Promise<FleetStore> {
    return this.platform.withDatabase(async (connection) => {
      // Documents before events: the relay copies an entry before it removes it.
      const inProgress = await connection.collection<StoredJob>('inprogress').find({}).toArray();
      const completed = await connection.collection<StoredJob>('completed').find({}).toArray();
      const events = new Map<string, StoredJob['outbox'][number][]>();
      for await (const event of connection.collection('events').find({ topic: 'job' })) {
        const id = String(event['documentId']);
        const known = events.get(id) ?? [];
        known.push(event as unknown as StoredJob['outbox'][number]);
        events.set(id, known);
      }
      return { inProgress, completed, events };
    });
  }
}
