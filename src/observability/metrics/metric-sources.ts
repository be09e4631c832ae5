import { Injectable, Logger } from '@nestjs/common';
import { BoundedCall } from '../bounded-call.js';
import { Gauges, type Readings } from './gauges.js';
import { Metrics } from './metrics.js';

/** Longest wait for one source at a scrape. */
export const sourceLimitMs = 1_000;

interface Source {
  readonly name: string;
  readonly call: BoundedCall<Readings>;
}

/**
 * Makes the answer of `/metrics`. Sources that do not answer in time are left out, so that a scrape succeeds when the database does not: the metrics are then
 * absent, not old.
 */
@Injectable()
export class MetricSources {
  private readonly log = new Logger(MetricSources.name);
  private readonly sources: Source[] = [];
  private readonly gauges: Gauges;
  private running: Promise<string> | undefined;

  constructor(private readonly metrics: Metrics) {
    this.gauges = new Gauges(metrics.registry);
  }

  /**
   * Adds a source that is read at each scrape, never twice at the same time.
   * @throws Error when the name is taken.
   */
  register(name: string, read: () => Promise<Readings>): void {
    if (this.sources.some((source) => source.name === name)) throw new Error(`metric source ${name} is registered twice`);
    this.sources.push({ name, call: new BoundedCall(read, sourceLimitMs) });
  }

  /** Media type of the answer. */
  get contentType(): string {
    return this.metrics.registry.contentType;
  }

  /** All metrics in the Prometheus text format. Scrapes at the same time share one reading. */
  scrape(): Promise<string> {
    this.running ??= this.read().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async read(): Promise<string> {
    const readings = await Promise.all(this.sources.map((source) => this.ask(source)));
    this.gauges.clear();
    for (const reading of readings) this.gauges.apply(reading);
    return this.metrics.registry.metrics();
  }

  private async ask({ name, call }: Source): Promise<Readings> {
    try {
      return await call.ask();
    } catch (error) {
      this.log.debug({ message: `metric source ${name} is left out`, error });
      return {};
    }
  }
}
