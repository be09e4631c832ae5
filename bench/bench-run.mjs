import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { prepareDatabase, startDatabase } from './bench-database.mjs';
import { monotonicMicroseconds, summarizeProfile } from './cpu-profile.mjs';
import { addClaimFigures, fillQueue, measureClaims } from './claims.mjs';
import { addEventFigures, measureEvents, memoryProbe } from './events.mjs';
import { fillLargeStore } from './large-store.mjs';
import { addLifecycleFigures, addMemoryFigures, byDriver, compare, overHttp } from './lifecycles.mjs';
import { addWalkFigures, fillGraph, measureWalks } from './lineage.mjs';
import { addListFigures, measureLists } from './lists.mjs';
import { residentBytes } from './process-figures.mjs';
import { say } from './progress.mjs';
import { addProtocolFigures, measureProtocol } from './protocol.mjs';
import { openSettings, ServiceProcess } from './service-process.mjs';
import { addStartFigures, measureStarts } from './starts.mjs';
import { addStreamFigures, measureStream } from './stream.mjs';
import { addAppendFigures, addLongTraceFigures, measureAppends, measureLongTrace } from './traces.mjs';

const ratioGoal = { atLeast: 0.6 };
const idleMs = 5_000;
const databases = {
  service: 'bench',
  driver: 'bench_driver',
  fresh: 'bench_new',
  large: 'bench_large',
  claims: 'bench_claims',
  protocol: 'bench_protocol',
  agenda: 'bench_agenda',
  traces: 'bench_traces',
  graph: 'bench_graph',
};
const commandLine = fileURLToPath(new URL('../dist/cli/signalbox.js', import.meta.url));

/** One run: the parts that the options name, in their order, on one database server. */
export class BenchRun {
  /** Plans of the explained queries and the profile, for the JSON. */
  details = {};

  /**
   * @param {ReturnType<typeof import('./options.mjs').readOptions>} options
   * @param {import('./figures.mjs').Figures} figures
   * @param {import('./cleanup.mjs').Cleanup} cleanup
   */
  constructor(options, figures, cleanup) {
    Object.assign(this, { options, figures, cleanup });
  }

  /** @param {AbortSignal} signal gives up the start of the database */
  async play(signal) {
    this.dataDir = await mkdtemp(join(tmpdir(), 'signalbox-bench-'));
    this.cleanup.add(() => rm(this.dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
    say('starting the database');
    this.mongod = await startDatabase(this.dataDir, signal);
    this.cleanup.add(() => this.mongod.close());
    for (const part of this.options.only) await this[part]();
    if (['lifecycles', 'lists'].every((part) => this.options.only.includes(part))) await this.lifecyclesInLargeStore();
  }

  async startService(database, more = {}) {
    const service = await ServiceProcess.start({ mongodbUrl: this.mongod.url, dataDir: this.dataDir, database, ...more });
    this.cleanup.add(() => service.stop());
    return service;
  }

  /** (a) and (e) */
  async lifecycles() {
    say('lifecycles: old routes open');
    const { figures, mongod, options } = this;
    await prepareDatabase(mongod.url, databases.driver);
    const service = await this.startService(databases.service);
    await sleep(idleMs);
    const idleBytes = await residentBytes(service.pid);
    const pairs = await this.#againstDriver(service, options.rounds);
    await service.stop();
    const names = ['over HTTP', 'by the bare driver'];
    addLifecycleFigures(figures, { kind: 'open', names, pairs, goal: ratioGoal });
    addMemoryFigures(figures, idleBytes, pairs);
    say('lifecycles: old routes with tokens and cookies');
    const strict = await this.startService(databases.service, { env: { COMPAT_AUTH: 'strict' } });
    const guarded = await this.#againstDriver(strict, Math.ceil(options.rounds / 2), await this.#credentials());
    await strict.stop();
    addLifecycleFigures(figures, { kind: 'strict', names, pairs: guarded });
    if (options.profile) await this.#profile();
  }

  async #againstDriver(service, rounds, credentials) {
    const { mongod, options } = this;
    const http = await overHttp(service, { database: databases.service, mongod, clients: options.clients, credentials });
    const driver = await byDriver({ database: databases.driver, mongod });
    return compare([http, driver], { ...options, rounds });
  }

  /** Only once a service has made the key. */
  async #token(...args) {
    const { stdout } = await promisify(execFile)(process.execPath, [commandLine, 'token', 'create', '--data-dir', this.dataDir, ...args]);
    return stdout.trim();
  }

  async #credentials() {
    return { cookies: await this.#token('--cookies'), bearer: await this.#token('--role', 'worker') };
  }

  async #profile() {
    say('lifecycles under the profiler');
    const folder = resolve(this.options.profile);
    await mkdir(folder, { recursive: true });
    const nodeOptions = ['--cpu-prof', '--cpu-prof-dir', folder];
    const service = await this.startService(databases.service, { nodeOptions });
    const place = { database: databases.service, mongod: this.mongod, clients: this.options.clients };
    const { load } = await overHttp(service, place);
    this.cleanup.add(() => load.close());
    await load.call('run', { ...this.options, atLeast: this.options.warmUp }); // what a start and a first compilation cost is of no interest here
    const since = monotonicMicroseconds();
    await load.call('run', this.options);
    await load.close();
    await service.stop();
    this.details.profile = await summarizeProfile(folder, since);
  }

  /** (d) */
  async start() {
    say('starts');
    const place = { mongodbUrl: this.mongod.url, dataDir: this.dataDir, database: databases.service, newDatabase: databases.fresh };
    const service = await this.startService(databases.service); // keys and indexes are there from now on
    await service.stop();
    addStartFigures(this.figures, await measureStarts({ ...place, starts: this.options.starts }));
  }

  async #largeStore() {
    this.largeStoreFilled ??= fillLargeStore(this.mongod.url, { ...this.options, database: databases.large });
    await this.largeStoreFilled;
  }

  /** (b) */
  async lists() {
    say(`lists: filling the store with ${this.options.jobs} finished and ${this.options.queued} queued jobs`);
    await this.#largeStore();
    const service = await this.startService(databases.large);
    const { mongod, dataDir, options } = this;
    const measured = await measureLists({ service, mongod, dataDir, database: databases.large, requests: options.requests });
    await service.stop();
    addListFigures(this.figures, measured);
    this.details.plans = measured.plans;
  }

  /** (c) */
  async stream() {
    say('stream of the whole list');
    await this.#largeStore();
    const service = await this.startService(databases.large);
    const measured = await measureStream(service);
    await service.stop();
    addStreamFigures(this.figures, measured, this.options.jobs + this.options.queued);
  }

  /** (f) */
  async claims() {
    say(`claims: filling the queue with ${this.options.claimJobs} jobs`);
    const { mongod, options } = this;
    await fillQueue(mongod.url, databases.claims, options.claimJobs);
    const service = await this.startService(databases.claims);
    const bearer = await this.#token('--role', 'worker');
    addClaimFigures(this.figures, await measureClaims({ service, mongod, database: databases.claims, bearer }, options));
    await service.stop();
  }

  /** (g) */
  async protocol() {
    say('protocol: jobs from creation to end, beside Agenda');
    const service = await this.startService(databases.protocol);
    const bearer = await this.#token('--role', 'admin');
    const place = { mongod: this.mongod, databases: { service: databases.protocol, agenda: databases.agenda }, bearer };
    addProtocolFigures(this.figures, await measureProtocol(service, place, this.options));
    await service.stop();
  }

  /** (h) */
  async events() {
    say(`events: ${this.options.streams} live streams`);
    const file = join(this.dataDir, 'memory.json');
    const service = await this.startService(databases.service, memoryProbe(file));
    const bearer = await this.#token('--role', 'reader');
    addEventFigures(this.figures, await measureEvents(service, { file, bearer }, this.options));
    await service.stop();
  }

  /** (i) */
  async traces() {
    say('traces: appends');
    const { mongod, options } = this;
    await prepareDatabase(mongod.url, databases.driver);
    const service = await this.startService(databases.traces);
    const place = { mongod, bearer: await this.#token('--role', 'worker', '--dataset', '*'), database: databases.traces };
    const pairs = await measureAppends(service, { ...place, databases: { service: databases.traces, driver: databases.driver } }, options);
    addAppendFigures(this.figures, pairs);
    await service.stop();
    const fresh = await this.startService(databases.traces);
    addLongTraceFigures(this.figures, await measureLongTrace(fresh, place));
    await fresh.stop();
  }

  /** (l) */
  async lineage() {
    const { mongod, dataDir, options } = this;
    say(`lineage: filling a graph with ${options.edges} edges`);
    const steps = await fillGraph(mongod.url, { database: databases.graph, edges: options.edges });
    const service = await this.startService(databases.graph);
    const timed = await measureWalks({ service, dataDir, steps, requests: options.requests });
    await service.stop();
    addWalkFigures(this.figures, timed, options.edges);
  }

  /** How much the finished jobs slow down the lifecycles: both over HTTP, beside each other. */
  async lifecyclesInLargeStore() {
    say('lifecycles in the large store');
    const { mongod, options } = this;
    const sides = [];
    for (const database of [databases.large, databases.service]) {
      const service = await this.startService(database, { env: openSettings });
      sides.push({ ...(await overHttp(service, { database, mongod, clients: options.clients })), name: `in ${database}` });
    }
    const pairs = await compare(sides, { ...options, rounds: Math.ceil(options.rounds / 2) });
    const names = [`over HTTP with ${options.jobs} finished jobs`, 'over HTTP in the small store'];
    addLifecycleFigures(this.figures, { kind: 'large store', names, pairs });
  }
}
