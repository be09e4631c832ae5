import { Inject, Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { versionOf } from '../version.js';
import { BoundedLabel } from './bounded-label.js';

/** How a job can end. */
export type JobOutcome = 'completed' | 'failed' | 'cancelled';

/** Why a live stream is refused (`full`) or ended: its reader is too far behind or reads nothing, its token has ended, the replay failed, or the process stops. */
export type StreamDrop = 'full' | 'behind' | 'stalled' | 'expired' | 'failed' | 'shutdown';

/** What became of a call of the OpenLineage receiver. */
export type OpenLineageOutcome = 'taken' | 'refused' | 'failed';

/** Operations that are told apart; the reference has nine, `JOBS_EXTRA_OPERATIONS` adds more. */
const maxOperations = 50;

const waitBuckets = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400];
const runBuckets = [0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400];
const requestBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** One finished request; `route` is the pattern of the route, never an address. */
export interface RequestMeasure {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/**
 * Counts and measures what happens, for `/metrics`. Features call the method that names the fact, after it has become durable and never inside the callback of a
 * transaction, which may run twice. What is, rather than happens, is read at the scrape instead: `MetricSources`.
 * @see API.md 7
 */
@Injectable()
export class Metrics {
  /** All metrics of this process. */
  readonly registry = new Registry();

  private readonly operations = new BoundedLabel(maxOperations);
  private readonly registers = [this.registry];

  private readonly jobsCreated = new Counter({
    name: 'signalbox_jobs_created_total',
    help: 'Jobs created.',
    labelNames: ['operation'],
    registers: this.registers,
  });
  private readonly jobsFinished = new Counter({
    name: 'signalbox_jobs_finished_total',
    help: 'Jobs that reached their end.',
    labelNames: ['operation', 'outcome'],
    registers: this.registers,
  });
  private readonly jobWait = new Histogram({
    name: 'signalbox_job_wait_seconds',
    help: 'Time from when a job could start to its start.',
    labelNames: ['operation'],
    buckets: waitBuckets,
    registers: this.registers,
  });
  private readonly leasesExpired = new Counter({
    name: 'signalbox_job_lease_expired_total',
    help: 'Leases that ended without a sign of life, whose jobs were taken back.',
    labelNames: ['operation'],
    registers: this.registers,
  });
  private readonly leasesLost = new Counter({
    name: 'signalbox_job_lease_lost_total',
    help: 'Calls of workers that had lost their lease.',
    labelNames: ['operation'],
    registers: this.registers,
  });
  private readonly jobRun = new Histogram({
    name: 'signalbox_job_run_seconds',
    help: 'Time from the last start of a job to its end.',
    labelNames: ['operation', 'outcome'],
    buckets: runBuckets,
    registers: this.registers,
  });
  private readonly streamsDropped = new Counter({
    name: 'signalbox_sse_dropped_total',
    help: 'Live streams that the service refused or ended.',
    labelNames: ['reason'],
    registers: this.registers,
  });
  private readonly openLineageEvents = new Counter({
    name: 'signalbox_openlineage_events_total',
    help: 'Calls of the OpenLineage receiver: taken, refused and passed over, or failed and repeated.',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  private readonly requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer. Status 499: the client left before.',
    labelNames: ['method', 'route', 'status'],
    buckets: requestBuckets,
    registers: this.registers,
  });

  constructor(@Inject(SETTINGS) settings: Pick<Settings, 'commitId'>) {
    collectDefaultMetrics({ register: this.registry });
    new Gauge({ name: 'signalbox_build_info', help: 'Always 1.', labelNames: ['version'], registers: this.registers }).set(
      { version: versionOf(settings) },
      1,
    );
  }

  /** Counts a job that was created. */
  jobCreated(operation: string): void {
    this.jobsCreated.inc({ operation: this.operations.of(operation) });
  }

  /** Measures how long a job waited from when it could start to its start. */
  jobStarted(operation: string, waitSeconds: number): void {
    this.jobWait.observe({ operation: this.operations.of(operation) }, waitSeconds);
  }

  /** Counts a job that ended; `runSeconds` is the time since its last start, null when it never started. */
  jobFinished(operation: string, outcome: JobOutcome, runSeconds: number | null): void {
    const labels = { operation: this.operations.of(operation), outcome };
    this.jobsFinished.inc(labels);
    if (runSeconds !== null) this.jobRun.observe(labels, runSeconds);
  }

  /** Counts a live stream that was refused, or ended by the service. */
  streamDropped(reason: StreamDrop): void {
    this.streamsDropped.inc({ reason });
  }

  /** Counts an event that the OpenLineage receiver took or refused, or a call that failed and is repeated. */
  openLineageTold(outcome: OpenLineageOutcome): void {
    this.openLineageEvents.inc({ outcome });
  }

  /** Counts a lease that ended without a sign of life. */
  leaseExpired(operation: string): void {
    this.leasesExpired.inc({ operation: this.operations.of(operation) });
  }

  /** Counts a call of a worker that did not hold the lease any more. */
  leaseLost(operation: string): void {
    this.leasesLost.inc({ operation: this.operations.of(operation) });
  }

  /** Measures one finished request. */
  requestFinished({ method, route, status, seconds }: RequestMeasure): void {
    this.requests.observe({ method, route, status }, seconds);
  }
}
