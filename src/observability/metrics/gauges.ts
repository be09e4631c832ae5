import { Counter, Gauge, type Registry } from 'prom-client';
import { BoundedLabel } from './bounded-label.js';

/** Modes of the maintenance switch, as the gauge shows them. */
export const maintenanceModes = ['off', 'draining', 'quiet'] as const;

/** What a metric source can read. A source returns what it knows; what no source returned in time is absent from the scrape. */
export interface Readings {
  /** Status → number of unfinished jobs. */
  readonly jobs?: Readonly<Record<string, number>>;
  readonly jobsStale?: number;
  /** Operation → seconds that its longest waiting job could have been running. */
  readonly jobQueueAgeSeconds?: Readonly<Record<string, number>>;
  readonly maintenance?: (typeof maintenanceModes)[number];
  /** Kind → how many have to end before maintenance is quiet. */
  readonly maintenanceRemaining?: Readonly<Record<string, number>>;
  /** State → number of workers. */
  readonly workers?: Readonly<Record<string, number>>;
  /** Changes that the relay has not yet copied. */
  readonly relayPending?: number;
  /** Age of the oldest of them; 0 when there is none. */
  readonly relayLagSeconds?: number;
  /** Consumer of events → events that it has not handled. */
  readonly consumerPending?: Readonly<Record<string, number>>;
  /** Consumer of events → age of the oldest of them; 0 when there is none. */
  readonly consumerLagSeconds?: Readonly<Record<string, number>>;
  /** Open live streams of this process. */
  readonly sseClients?: number;
  /** Age of the key set that verifies tokens. */
  readonly keySetAgeSeconds?: number;
  /** Repetitions of transactions since the process started. */
  readonly transactionRetries?: number;
  /** State, in use or waited for → connections of the database's pool. */
  readonly databaseConnections?: Readonly<Record<string, number>>;
}

type Labelled = Readonly<Record<string, number>>;

const labelLimit = 50;

/** The metrics that are read at each scrape. */
export class Gauges {
  private readonly plain = new Map<keyof Readings, Gauge | Counter>();
  private readonly labelled = new Map<keyof Readings, { gauge: Gauge; label: string; values: BoundedLabel }>();

  constructor(private readonly registry: Registry) {
    this.addPlain('jobsStale', 'signalbox_jobs_stale', 'Running jobs without a lease that have been silent for too long.');
    this.addPlain('relayPending', 'signalbox_relay_pending', 'Changes that are not yet events.');
    this.addPlain('relayLagSeconds', 'signalbox_relay_lag_seconds', 'Age of the oldest change that is not yet an event.');
    this.addPlain('sseClients', 'signalbox_sse_clients', 'Open live streams.');
    this.addPlain('keySetAgeSeconds', 'signalbox_key_set_age_seconds', 'Age of the key set that verifies tokens.');
    this.addLabelled('jobs', 'signalbox_jobs', { label: 'status', help: 'Unfinished jobs.' });
    this.addLabelled('jobQueueAgeSeconds', 'signalbox_job_queue_age_seconds', {
      label: 'operation',
      help: 'Age of the longest waiting job.',
    });
    this.addLabelled('workers', 'signalbox_workers', { label: 'state', help: 'Workers of the native protocol.' });
    this.addLabelled('maintenance', 'signalbox_maintenance', { label: 'mode', help: '1 for the mode of the maintenance switch.' });
    this.addLabelled('maintenanceRemaining', 'signalbox_maintenance_remaining', {
      label: 'kind',
      help: 'What has to end before maintenance is quiet.',
    });
    this.addLabelled('consumerPending', 'signalbox_consumer_pending', {
      label: 'consumer',
      help: 'Events that a consumer has not handled, counted up to 10000.',
    });
    this.addLabelled('consumerLagSeconds', 'signalbox_consumer_lag_seconds', {
      label: 'consumer',
      help: 'Age of the oldest event that a consumer has not handled.',
    });
    this.addLabelled('databaseConnections', 'mongodb_connections', {
      label: 'state',
      help: 'Pooled connections in use, and operations waiting for one.',
    });
    const retries = { name: 'signalbox_transaction_retries_total', help: 'Transactions that ran again because of a conflict.' };
    this.plain.set('transactionRetries', new Counter({ ...retries, registers: [registry] }));
    this.clear();
  }

  /** Forgets all values, so that nothing old is shown as current. */
  clear(): void {
    for (const { gauge } of this.labelled.values()) gauge.reset();
    for (const metric of this.plain.values()) metric.remove();
  }

  /** Takes over what a source read. */
  apply({ maintenance, ...readings }: Readings): void {
    if (maintenance !== undefined) {
      this.setLabelled('maintenance', Object.fromEntries(maintenanceModes.map((mode) => [mode, Number(mode === maintenance)])));
    }
    for (const [name, value] of Object.entries(readings) as [keyof Readings, number | Labelled | undefined][]) {
      if (typeof value === 'number') this.setPlain(name, value);
      else if (value !== undefined) this.setLabelled(name, value);
    }
  }

  private addPlain(reading: keyof Readings, name: string, help: string): void {
    this.plain.set(reading, new Gauge({ name, help, registers: [this.registry] }));
  }

  private addLabelled(reading: keyof Readings, name: string, { label, help }: { label: string; help: string }): void {
    const gauge = new Gauge({ name, help, labelNames: [label], registers: [this.registry] });
    this.labelled.set(reading, { gauge, label, values: new BoundedLabel(labelLimit) });
  }

  private setPlain(name: keyof Readings, value: number): void {
    const metric = this.plain.get(name);
    metric?.remove();
    metric?.inc(value);
  }

  private setLabelled(name: keyof Readings, values: Labelled): void {
    const metric = this.labelled.get(name);
    if (!metric) return;
    metric.gauge.reset();
    for (const [value, number] of Object.entries(values)) metric.gauge.inc({ [metric.label]: metric.values.of(value) }, number);
  }
}
