import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CreationResult } from '../support/compat-client.js';
import { NoAnswerError, type Reply } from '../support/http-client.js';
import { parseJobList } from '../support/strict-job-parser.js';
import type { Gate } from './gate.js';
import type { KillableService } from './killable-service.js';
import type { Ledger, TrackedJob } from './ledger.js';

const middle = ['initiated', 'decrypting', 'validating', 'transforming', 'partitioning', 'built', 'importing'];
const cancelled = ['failed'];

/** What all clients of a run share. */
export interface LoadContext {
  readonly victim: KillableService;
  readonly ledger: Ledger;
  readonly gate: Gate;
}

/** No answer, or one that says the service cannot tell: the request may have taken effect or not. */
const unknown = Symbol('unknown outcome');

/**
 * A client with datasets of its own: creates jobs over either surface, reports their progress and their end, cancels some, writes down what was
 * acknowledged, and goes on after every interruption. Since nobody else touches its datasets it knows what each answer has to be.
 */
export class LoadClient {
  #stopped = false;
  /** Targets with a creation whose outcome is not known, so that its job may yet appear; a job that was created since keeps it out. */
  readonly #unsure = new Set<string>();

  constructor(
    private readonly name: string,
    private readonly context: LoadContext,
  ) {}

  /** Works until `stop`. */
  async run(): Promise<void> {
    for (let turn = 0; !this.#stopped; turn += 1) {
      const target = `${this.name}_${turn % 3}`;
      const job = turn % 2 === 0 ? await this.#createCompat(target) : await this.#createNative(target);
      if (job) await this.#work(job);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** One request. Anything but the expected statuses, 503 and a lost connection breaks a promise. */
  async #send(
    method: string,
    path: string,
    options: { json: unknown; expected: number[]; headers?: Record<string, string> },
  ): Promise<Reply | typeof unknown> {
    const { victim, ledger, gate } = this.context;
    const reply = await gate.through(async () => {
      try {
        return await victim.http.send(method, path, { json: options.json, headers: options.headers ?? {} });
      } catch (error) {
        if (error instanceof NoAnswerError) ledger.violation(error.message);
        return unknown;
      }
    });
    const expected = reply !== unknown && options.expected.includes(reply.status);
    if (expected) return reply;
    if (reply !== unknown && reply.status !== 503)
      ledger.violation(`${method} ${path} ${JSON.stringify(options.json)}: ${reply.status} ${reply.text}`);
    ledger.unknownOutcomes += 1;
    await sleep(randomInt(50, 300));
    return unknown;
  }

  /** Two creations at once, of which one at most may succeed: the dataset is free. */
  async #createCompat(target: string): Promise<TrackedJob | undefined> {
    const { ledger } = this.context;
    const operation = () => ({ jobs: [{ operation: randomInt(2) ? 'ADD' : 'CHANGE', target }] });
    const answers = await Promise.all([0, 1].map(() => this.#send('POST', '/jobs', { json: operation(), expected: [200] })));
    const results = answers.flatMap((answer) => (answer === unknown ? [] : answer.json<CreationResult[]>()));
    const created = results.flatMap((result) => result.job_id ?? []);
    const refusals = results.filter(isRefusal);
    ledger.refusals += refusals.length;
    if (created.length > 1) ledger.violation(`dataset ${target} was given two jobs at once: ${created.join(', ')}`);
    if (created[0]) return this.#acknowledge(created[0], target);
    if (refusals.length === 2) return this.#adopt(target);
    if (answers.includes(unknown) || results.some(isUnknown)) this.#unsure.add(target);
    const held = await this.#adoptIfThere(target);
    if (held && !this.#unsure.has(target))
      ledger.violation(`job ${held.jobId} was created, though both answers said that it was not: ${JSON.stringify(results)}`);
    return held;
  }

  /** Takes over the job of a creation with a lost answer; without one the dataset is blocked. */
  async #adopt(target: string): Promise<TrackedJob | undefined> {
    const job = await this.#adoptIfThere(target);
    if (!job) this.context.ledger.violation(`dataset ${target} is blocked although it has no unfinished job`);
    return job;
  }

  async #adoptIfThere(target: string): Promise<TrackedJob | undefined> {
    const held = await this.#findHolder(target);
    return held ? this.context.ledger.track(held, target, plan()) : undefined;
  }

  #acknowledge(jobId: string, target: string): TrackedJob {
    this.context.ledger.acknowledgedWrites += 1;
    this.#unsure.delete(target);
    return this.context.ledger.track(jobId, target, plan());
  }

  /** The unfinished job of a dataset, which a creation with a lost answer may have left. */
  async #findHolder(target: string): Promise<string | undefined> {
    for (;;) {
      const reply = await this.#send('GET', `/targets/${target}/jobs`, { json: undefined, expected: [200] });
      if (reply === unknown) continue;
      return parseJobList(reply.text).find((job) => job.status !== 'completed' && job.status !== 'failed')?.jobId;
    }
  }

  /** Repeats with one Idempotency-Key until an answer arrives. */
  async #createNative(target: string): Promise<TrackedJob | undefined> {
    const { victim } = this.context;
    const headers = { authorization: `Bearer ${victim.bearer}`, 'idempotency-key': randomUUID() };
    for (;;) {
      const reply = await this.#send('POST', '/api/v1/jobs', {
        json: { datasetName: target, operation: 'ADD' },
        headers,
        expected: [201, 409],
      });
      if (reply === unknown) continue;
      if (reply.status === 409) return this.#adopt(target);
      return this.#acknowledge(reply.json<{ jobId: string }>().jobId, target);
    }
  }

  async #work(job: TrackedJob): Promise<void> {
    if (job.plan === cancelled) return this.#cancel(job);
    for (let step = 0; step < job.plan.length; step += 1) {
      if (randomInt(8) === 0) await this.#expectBusy(job);
      await this.#report(job, step);
    }
  }

  /** PUTs one status with a log line of its own, until it is acknowledged. */
  async #report(job: TrackedJob, step: number): Promise<void> {
    const { ledger } = this.context;
    const last = step === job.plan.length - 1;
    const line = `${job.jobId} step ${step}`;
    for (let repeated = false; ; repeated = true) {
      job.sent = step + 1;
      job.linesSent.push(`Set status: ${job.plan[step]}`, line);
      const json = { status: job.plan[step], log: line, ...(step === 2 ? { description: line } : {}) };
      const reply = await this.#send('PUT', `/jobs/${job.jobId}`, { json, expected: last && repeated ? [200, 404] : [200] });
      if (reply === unknown) continue;
      job.acknowledged = step + 1;
      job.lines.push(`Set status: ${job.plan[step]}`, line);
      ledger.acknowledgedWrites += 1;
      return;
    }
  }

  async #cancel(job: TrackedJob): Promise<void> {
    const { ledger, victim } = this.context;
    const headers = { authorization: `Bearer ${victim.bearer}` };
    for (let repeated = false; ; repeated = true) {
      job.sent = 1;
      const json = { reason: `${job.jobId} cancelled` };
      const reply = await this.#send('POST', `/api/v1/jobs/${job.jobId}/cancel`, {
        json,
        headers,
        expected: repeated ? [200, 409] : [200],
      });
      if (reply === unknown) continue;
      job.acknowledged = 1;
      ledger.acknowledgedWrites += 1;
      return;
    }
  }

  /** A second job for the dataset has to be refused while the first is unfinished. */
  async #expectBusy(job: TrackedJob): Promise<void> {
    const reply = await this.#send('POST', '/jobs', { json: { jobs: [{ operation: 'CHANGE', target: job.target }] }, expected: [200] });
    if (reply === unknown) return;
    const [result] = reply.json<CreationResult[]>();
    if (result?.job_id) this.context.ledger.violation(`dataset ${job.target} was given ${result.job_id} while it had ${job.jobId}`);
    else if (result && isRefusal(result)) this.context.ledger.refusals += 1;
  }
}

/** A refusal names the job that holds the dataset; any other failure may be one of the database. */
const isRefusal = (result: CreationResult): boolean => /[0-9a-f]{8}-[0-9a-f]{4}-/.test(result.reason ?? '');

/** The service does not know whether it created the job, and says so. */
const isUnknown = (result: CreationResult): boolean => /did not say whether the job was created/.test(result.reason ?? '');

/** Some way through the life of a job. */
function plan(): readonly string[] {
  if (randomInt(6) === 0) return cancelled;
  return [...middle.slice(0, randomInt(1, middle.length + 1)), randomInt(4) === 0 ? 'failed' : 'completed'];
}
