import { Injectable, Logger } from '@nestjs/common';
import { BoundedCall, NoAnswerError } from '../bounded-call.js';
import { type ProcessPhase, Readiness } from './readiness.js';

/** What a check found. `detail` is shown to everyone: no addresses, names of hosts, or messages of errors. */
export interface CheckResult {
  readonly ok: boolean;
  /** A few words; null when there is nothing to say. */
  readonly detail: string | null;
}

/** The result of a check with its name. */
export interface NamedCheck extends CheckResult {
  readonly name: string;
  /** False for a check that is only shown: readiness does not depend on it. */
  readonly decides: boolean;
}

interface RegisteredCheck {
  readonly call: BoundedCall<CheckResult>;
  readonly decides: boolean;
}

/** What `/health/ready` can say; only `ready` is 200. */
export const healthStatuses = ['ready', 'failing', 'starting', 'stopping'] as const;

/** The answer of `/health/ready`. */
export interface HealthReport {
  readonly status: (typeof healthStatuses)[number];
  /** In the order of registration; empty when stopping. */
  readonly checks: readonly NamedCheck[];
}

/** Longest wait for one check, and how long its results are shown again. */
export const healthLimits = { checkMs: 2_000, freshMs: 1_000 } as const;

/** The named conditions under which this process can do its work; features register their own. */
@Injectable()
export class HealthChecks {
  private readonly log = new Logger(HealthChecks.name);
  private readonly checks = new Map<string, RegisteredCheck>();
  private readonly failing = new Set<string>();
  private latest: Promise<readonly NamedCheck[]> | undefined;
  private latestAt = -Infinity;
  private latestPhase: ProcessPhase | undefined;

  constructor(private readonly readiness: Readiness) {}

  /**
   * Adds a check, which from then on decides about readiness, or is only shown. It gets 2 s; no answer, or an error, is a failure.
   * @throws Error when the name is taken.
   */
  register(name: string, check: () => Promise<CheckResult>, { decides = true }: { decides?: boolean } = {}): void {
    if (this.checks.has(name)) throw new Error(`health check ${name} is registered twice`);
    this.checks.set(name, { call: new BoundedCall(check, healthLimits.checkMs), decides });
  }

  /** Whether the process is ready, and why not. Probes at the same time and within a second share one run, so that probing costs nothing. */
  async report(): Promise<HealthReport> {
    const before = this.readiness.phase;
    if (before === 'stopping') return { status: 'stopping', checks: [] };
    const checks = await this.results();
    const { phase } = this.readiness; // a stop may have begun meanwhile
    if (phase !== 'started') return { status: phase, checks };
    return { status: checks.every(({ ok, decides }) => ok || !decides) ? 'ready' : 'failing', checks };
  }

  /** What was found during the start is not shown after it. */
  private results(): Promise<readonly NamedCheck[]> {
    const { phase } = this.readiness;
    if (this.latest && this.latestPhase === phase && performance.now() - this.latestAt < healthLimits.freshMs) return this.latest;
    const run = this.run();
    this.latest = run;
    this.latestPhase = phase;
    this.latestAt = Infinity; // shared while it runs
    void run.finally(() => {
      if (this.latest === run) this.latestAt = performance.now();
    });
    return run;
  }

  private async run(): Promise<readonly NamedCheck[]> {
    return Promise.all([...this.checks].map(([name, check]) => this.ask(name, check)));
  }

  private async ask(name: string, { call, decides }: RegisteredCheck): Promise<NamedCheck> {
    try {
      const { ok, detail } = await call.ask();
      this.note(name, ok, detail ?? undefined);
      return { name, ok, detail, decides };
    } catch (error) {
      this.note(name, false, error);
      return { name, ok: false, detail: error instanceof NoAnswerError ? error.message : 'the check itself failed', decides };
    }
  }

  /** Says each change once; the probes themselves are not logged, nor what fails before the start is over. */
  private note(name: string, ok: boolean, why: unknown): void {
    if (this.readiness.phase === 'starting' || ok === !this.failing.has(name)) return;
    if (ok) {
      this.failing.delete(name);
      this.log.log(`health check ${name} is well again`);
    } else {
      this.failing.add(name);
      const reason = typeof why === 'string' ? `: ${why}` : '';
      this.log.warn({ message: `health check ${name} fails${reason}`, ...(why instanceof Error ? { error: why } : {}) });
    }
  }
}
