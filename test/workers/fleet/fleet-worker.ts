import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { LeaseLostError, NoAnswerError, UnavailableError, type SignalboxClient } from '../../../src/client/index.js';
import { claim, Lease } from '../../../src/client/worker/worker-protocol.js';
import type { Closing, FleetLedger, Hold } from './fleet-ledger.js';

/** What all workers of a run share. */
export interface FleetContext {
  readonly client: SignalboxClient;
  readonly ledger: FleetLedger;
  readonly leaseSeconds: number;
  /** Of a hundred jobs, with how many a worker vanishes. */
  readonly vanishPercent: number;
  /** Aborted when all jobs are done. */
  readonly done: AbortSignal;
}

interface Held {
  readonly hold: Hold;
  readonly lease: Lease;
}

const operation = 'ADD';
const stepMs = 150;
/** Of a hundred jobs, how many end otherwise than completed; a few of each. */
const otherEnds: readonly [Closing, number][] = [
  ['fail', 6],
  ['snooze', 3],
  ['release', 3],
];

const chance = (percent: number): boolean => randomInt(10_000) < percent * 100;

function someEnd(): Closing {
  const drawn = randomInt(100);
  let sum = 0;
  return otherEnds.find(([, percent]) => drawn < (sum += percent))?.[0] ?? 'complete';
}

/**
 * A worker that claims jobs and works on them, writes down what it was told, and sometimes vanishes in the middle of a job: it stops beating without a word. Another
 * worker takes its place. Half of the vanished come back when their lease has ended, and try to complete what they had.
 */
export class FleetWorker {
  private generation = 0;
  private readonly returning = new Set<Promise<void>>();

  constructor(
    private readonly name: string,
    private readonly context: FleetContext,
  ) {}

  /** Works until all jobs are done. */
  async run(): Promise<void> {
    const { done } = this.context;
    while (!done.aborted) {
      const held = await this.answered(() => this.claimOne());
      if (held) await this.work(held);
      else await sleep(randomInt(20, 200), undefined, { signal: done }).catch(() => undefined);
    }
    await Promise.all(this.returning);
  }

  private get id(): string {
    return `${this.name}.${this.generation}`;
  }

  private async claimOne(): Promise<Held | null> {
    const { client, ledger, leaseSeconds, done } = this.context;
    const workerId = this.id;
    const asked = { worker: { id: workerId }, operations: [operation], leaseSeconds, waitSeconds: 2, claimId: randomUUID() };
    const answer = await claim(client, asked, done);
    if (answer.job === null) return null;
    const { jobId, attempt } = answer.job;
    return {
      hold: ledger.hold({ jobId, attempt, workerId }, answer.leaseExpiresAt),
      lease: new Lease(client, jobId, answer.leaseToken),
    };
  }

  private async work(held: Held): Promise<void> {
    if (chance(this.context.vanishPercent)) return this.vanish(held);
    for (let step = 0, steps = randomInt(1, 4); step < steps; step++) {
      await sleep(randomInt(stepMs));
      if (!(await this.answered(() => this.beat(held)))) return;
    }
    await this.answered(() => this.end(held, someEnd()));
  }

  /** Nothing is heard of this worker any more; a new one goes on under another name. */
  private vanish(held: Held): void {
    const { ledger } = this.context;
    ledger.vanished += 1;
    this.generation += 1;
    if (!chance(50)) return;
    const back = this.comeBack(held).finally(() => this.returning.delete(back));
    this.returning.add(back);
  }

  private async comeBack(held: Held): Promise<void> {
    const { leaseSeconds, done, ledger } = this.context;
    await sleep((leaseSeconds + randomInt(0, 4)) * 1_000, undefined, { signal: done }).catch(() => undefined);
    if (done.aborted) return;
    ledger.returned += 1;
    await this.answered(() => this.end(held, 'complete'));
  }

  private async beat({ hold, lease }: Held): Promise<true> {
    const { leaseExpiresAt } = await lease.heartbeat({ phase: 'importing', percent: randomInt(100) });
    hold.promisedUntilMs = Math.max(hold.promisedUntilMs, Date.parse(leaseExpiresAt));
    return true;
  }

  private async end({ hold, lease }: Held, closing: Closing): Promise<void> {
    hold.closing = closing;
    if (closing === 'complete') await this.complete({ hold, lease });
    if (closing === 'fail') await lease.fail({ error: { code: 'FLEET.SOMETHING', message: 'as drawn' }, retryAfterSeconds: 0 });
    if (closing === 'snooze') await lease.snooze(1, 'as drawn');
    if (closing === 'release') await lease.release();
    hold.closed = true;
  }

  /** A refusal says that no try of this call took effect: a repeat of one that did is answered like the first. */
  private async complete({ hold, lease }: Held): Promise<void> {
    try {
      await lease.complete({ result: { attempt: hold.attempt } });
    } catch (error) {
      if (error instanceof LeaseLostError) hold.closing = null;
      throw error;
    }
  }

  /** What a call gives; null when it was refused for a lost lease, had no answer in spite of all retries, or was given up at the end of the run. */
  private async answered<T>(call: () => Promise<T>): Promise<T | null> {
    const { ledger, done } = this.context;
    try {
      return await call();
    } catch (error) {
      if (error instanceof LeaseLostError) ledger.leasesLost += 1;
      else if (error instanceof NoAnswerError || error instanceof UnavailableError) ledger.unknownOutcomes += 1;
      else if (!done.aborted) ledger.violations.push(`a worker met ${String(error)}`);
      return null;
    }
  }
}
