import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gate } from './gate.js';
import { checkInvariants } from './invariants.js';
import { KillableService, victims, type Victim } from './killable-service.js';
import { Ledger } from './ledger.js';
import { LoadClient } from './load-client.js';
import { checkTraces } from './trace-invariants.js';
import { TraceLoad } from './trace-load.js';

/** A kill test run. */
export interface KillTestOptions {
  readonly rounds: number;
  /** Who dies in each round; default: service and database by turns. */
  readonly victim?: Victim;
  /** Default 20. */
  readonly clients?: number;
  /** Told of each round in one line. */
  readonly report?: (line: string) => void;
}

/** What a kill test run found. */
export interface KillTestResult {
  readonly rounds: number;
  readonly acknowledgedWrites: number;
  readonly unknownOutcomes: number;
  readonly createdJobs: number;
  readonly createdTraces: number;
  /** Broken promises; empty when all is well. */
  readonly violations: readonly string[];
  /** Errors in the service's log that may explain them. */
  readonly errorLines: readonly string[];
}

const resultOf = (
  rounds: number,
  { acknowledgedWrites, unknownOutcomes, createdJobs, createdTraces, violations, errorLines }: Ledger,
): KillTestResult => ({
  rounds,
  acknowledgedWrites,
  unknownOutcomes,
  createdJobs,
  createdTraces,
  violations,
  errorLines,
});

/**
 * Lets clients create, report and finish jobs, and tell of the steps of traces, while the service or its database is killed at random moments, and after each recovery compares what was
 * acknowledged with what is there. Starts a service with a database of its own and removes both.
 */
export async function runKillTest(options: KillTestOptions): Promise<KillTestResult> {
  const victim = await KillableService.start();
  const [ledger, gate] = [new Ledger(), new Gate()];
  const count = options.clients ?? 20;
  const context = { victim, ledger, gate };
  const clients = [
    ...Array.from({ length: count }, (_, index) => new LoadClient(`C${index}`, context)),
    ...Array.from({ length: Math.ceil(count / 5) }, (_, index) => new TraceLoad(`D${index}`, context)),
  ];
  const running = Promise.all(clients.map((client) => client.run()));
  // A client that throws is a fault of the test itself; it surfaces when the run is awaited below.
  running.catch(() => undefined);
  let rounds = 0;
  try {
    for (; rounds < options.rounds; rounds += 1) {
      const dying = options.victim ?? victims[rounds % victims.length]!;
      await playRound(dying, { victim, ledger, gate });
      options.report?.(`round ${rounds + 1}/${options.rounds}: killed the ${dying}; ${summaryOf(ledger)}`);
      gate.open();
    }
    for (const client of clients) client.stop();
    await running;
    await gate.close();
    await checkInvariants(victim, ledger);
    await checkTraces(victim, ledger);
    return resultOf(rounds, ledger);
  } finally {
    for (const client of clients) client.stop();
    gate.open();
    await victim.close();
  }
}

async function playRound(dying: Victim, { victim, ledger, gate }: { victim: KillableService; ledger: Ledger; gate: Gate }): Promise<void> {
  const before = ledger.violations.length;
  await sleep(randomInt(200, 1_500));
  await victim.killAndRecover(dying);
  await sleep(randomInt(100, 400));
  await gate.close();
  await checkInvariants(victim, ledger);
  await checkTraces(victim, ledger);
  if (ledger.violations.length > before) ledger.errorLines.push(...victim.errorLines);
}

const summaryOf = (ledger: Ledger): string =>
  `${ledger.acknowledgedWrites} writes acknowledged, ${ledger.createdJobs} jobs, ${ledger.createdTraces} traces, ${ledger.unknownOutcomes} outcomes unknown, ${ledger.violations.length} violations`;
