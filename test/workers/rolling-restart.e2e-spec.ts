import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createClient, runWorker, type SignalboxClient, type WorkerNotice } from '../../src/client/index.js';
import { freshDatabaseName, testMongodbUrl, withConnection } from '../support/database.js';
import { LoadBalancer } from '../support/load-balancer.js';
import { adminToken, startService, type Service } from '../support/service.js';

const workers = 12;
const creators = 4;
/** What does not happen within this time never happens. */
const limitMs = 90_000;

/** Two services on one database and one key, restarted one after the other on their ports. */
class Pair {
  private constructor(
    readonly services: Service[],
    private readonly start: (port: string) => Promise<Service>,
  ) {}

  static async start(database: string, dataDir: string): Promise<Pair> {
    const env = { MONGODB_URL: testMongodbUrl(), MONGODB_DATABASE: database };
    const start = (port: string) => startService({ database: 'given', dataDir, env: { ...env, PORT: port } });
    return new Pair([await start('0'), await start('0')], start);
  }

  get urls(): string[] {
    return this.services.map(({ url }) => url);
  }

  /** Ends one with SIGTERM and starts it again. @returns its exit status */
  async restart(index: number): Promise<number | null> {
    const old = this.services[index]!;
    const status = await old.terminate();
    old.http.close();
    this.services[index] = await this.start(new URL(old.url).port);
    return status;
  }

  async stop(): Promise<void> {
    await Promise.all(this.services.map((service) => service.stop()));
  }
}

async function withPair<T>(work: (pair: Pair, client: SignalboxClient) => Promise<T>): Promise<T> {
  const [database, dataDir] = [freshDatabaseName(), await mkdtemp(join(tmpdir(), 'signalbox-pair-'))];
  try {
    const pair = await Pair.start(database, dataDir);
    const balancer = new LoadBalancer(pair.urls);
    try {
      return await work(pair, createClient({ url: pair.urls[0]!, token: await adminToken(dataDir), fetch: balancer.fetch }));
    } finally {
      await balancer.close();
      await pair.stop();
    }
  } finally {
    await withConnection(testMongodbUrl(), database, (connection) => connection.dropDatabase());
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Creates jobs, reads lists, works jobs off and follows the events until it is stopped; keeps everything that failed in spite of the client's retries. */
class Load {
  readonly failures: string[] = [];
  readonly created: string[] = [];
  readonly completed: string[] = [];
  /** Jobs whose end the event stream told, as often as it did. */
  readonly told: string[] = [];
  private readonly creating = new AbortController();
  private readonly working = new AbortController();
  private readonly running: Promise<unknown>;

  constructor(private readonly client: SignalboxClient) {
    setMaxListeners(0, this.working.signal);
    const each = <T>(count: number, make: (index: number) => Promise<T>) => Array.from({ length: count }, (_, index) => make(index));
    this.running = Promise.all([
      this.follow(),
      ...each(creators, (index) => this.create(index)),
      ...each(workers, (index) => this.work(index)),
    ]);
  }

  /** Resolves when so many more jobs are done. */
  async more(jobs: number): Promise<void> {
    const before = this.completed.length;
    await this.until(() => this.completed.length >= before + jobs);
  }

  /** Creates nothing more, lets everything be done and told, and ends. */
  async stop(): Promise<void> {
    this.creating.abort();
    await this.until(() => new Set(this.told).size >= this.created.length && this.completed.length >= this.created.length);
    this.working.abort();
    await this.running;
  }

  private async until(holds: () => boolean): Promise<void> {
    const giveUpAt = performance.now() + limitMs;
    while (!holds() && this.failures.length === 0) {
      if (performance.now() > giveUpAt)
        this.failures.push(`created ${this.created.length}, completed ${this.completed.length}, told ${this.told.length}, and no more`);
      await sleep(50);
    }
  }

  private async create(index: number): Promise<void> {
    for (let number = 0; !this.creating.signal.aborted; number++) {
      const body = { datasetName: `ROLLING_${index}_${number}`, operation: 'ADD' };
      await this.noting(async () => {
        this.created.push((await this.client.request<{ jobId: string }>({ method: 'POST', path: '/api/v1/jobs', body })).jobId);
        await this.client.request({ path: '/api/v1/jobs', query: { status: 'queued' } });
      });
      await sleep(100);
    }
  }

  private async work(index: number): Promise<void> {
    const onNotice = ({ kind, message, ...about }: WorkerNotice): void => {
      if (kind === 'completed') this.completed.push((about as { jobId: string }).jobId);
      if (['lost', 'failed', 'unreachable'].includes(kind)) this.failures.push(`worker: ${kind} ${message}`);
    };
    const handler = async (): Promise<void> => sleep(100);
    const options = { client: this.client, worker: { id: `w-${index}` }, operations: ['ADD'], handler, onNotice };
    await this.noting(() => runWorker({ ...options, waitSeconds: 5, signal: this.working.signal }));
  }

  private async follow(): Promise<void> {
    await this.noting(async () => {
      for await (const message of this.client.events({ type: ['job.completed'] }, { signal: this.working.signal })) {
        if (message.kind === 'event') this.told.push(message.event.subject.slice('jobs/'.length));
        if (message.kind === 'reset') this.failures.push('the stream lost its place');
      }
    });
  }

  private async noting(call: () => Promise<unknown>): Promise<void> {
    await call().catch((error: unknown) => this.failures.push(String(error)));
  }
}

describe('a rolling restart of two services under load', () => {
  it('fails no request of a client with retries, loses no job, and tells every event once', async () => {
    await withPair(async (pair, client) => {
      const load = new Load(client);
      await load.more(20);
      for (const index of [0, 1]) {
        expect(await pair.restart(index)).toBe(0);
        await load.more(20);
      }
      await load.stop();
      expect(load.failures).toEqual([]);
      expect(new Set(load.completed)).toEqual(new Set(load.created));
      expect([...load.told].sort()).toEqual([...load.created].sort());
    });
  }, 300_000);
});
