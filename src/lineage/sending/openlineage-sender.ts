import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { inParallel } from '../../common/in-parallel.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import type { BatchContext, EventConsumer, StoredEvent } from '../../events/index.js';
import { Metrics, versionOf } from '../../observability/index.js';
import { NodeNames } from '../node-names.js';
import type { RunEvent } from '../openlineage/openlineage.js';
import { jobNews } from './job-runs.js';
import { type Delivery, OpenLineageReceiver } from './openlineage-receiver.js';
import { RunEvents } from './run-events.js';
import { traceNews } from './trace-runs.js';

/** Runs that are told of at the same time; the events of one follow each other. */
const atOnce = 8;
/** How often an event is tried that the receiver answers with an error of its own. */
const maxServerErrors = 20;
const internalServerError = 500;

type SenderSettings = Pick<Settings, 'openlineageUrl' | 'openlineageApiKey' | 'commitId'>;

/**
 * Tells a receiver of OpenLineage what happens to jobs and traces, from the events: each at least once, those of one job or trace in their order. An event that was
 * told is told again when this process dies before noting that.
 *
 * A call without an answer, or with one that speaks of the receiver's state, is repeated for ever, with growing pauses; nothing later of the same run goes out
 * meanwhile. A call whose answer refuses the event, or that makes the receiver fail twenty times (500), is logged, counted and passed over, so that one event cannot hold
 * up all others.
 */
@Injectable()
export class OpenLineageSender implements EventConsumer {
  readonly name = 'openlineage';
  readonly topics = ['trace', 'job'] as const;
  /** What happened before the receiver was named is not told. */
  readonly beginsAt = 'newest';
  readonly batchSize = 100;
  private readonly logger = new Logger('OpenLineage');
  private readonly receiver: OpenLineageReceiver | null;
  private readonly runEvents: RunEvents;
  /** Numbers of events that were told and stand behind one that was not; and how often events made the receiver fail. */
  private readonly told = new Set<number>();
  private readonly failures = new Map<number, number>();
  private pausedUntilMs = 0;

  constructor(
    @Inject(SETTINGS) { openlineageUrl, openlineageApiKey, commitId }: SenderSettings,
    @Inject(NodeNames) private readonly names: NodeNames,
    private readonly metrics: Metrics,
  ) {
    this.receiver = openlineageUrl === null ? null : new OpenLineageReceiver({ url: openlineageUrl, apiKey: openlineageApiKey });
    this.runEvents = new RunEvents(names, versionOf({ commitId }));
  }

  /** False when no receiver is named. */
  get enabled(): boolean {
    return this.receiver !== null;
  }

  /** @throws Error when an event could not be told; what was told before it is marked as done */
  async handle(events: readonly StoredEvent[], context: BatchContext): Promise<void> {
    await this.restAsAsked(context.signal);
    const groups = groupsOf(events);
    const outcomes = await inParallel(groups, atOnce, (group) => this.tellGroup(group, context));
    this.noteDone(events, context);
    const failed = outcomes.find((error) => error !== null);
    if (failed) throw failed;
  }

  /** Waits as long as the receiver's last answer asked for. */
  private async restAsAsked(signal: AbortSignal): Promise<void> {
    const restMs = this.pausedUntilMs - performance.now();
    if (restMs > 0) await sleep(restMs, undefined, { signal }).catch(() => undefined);
  }

  /** Tells the events of one job or trace, up to the first that fails, whose error it returns. */
  private async tellGroup(events: readonly StoredEvent[], context: BatchContext): Promise<Error | null> {
    for (const event of events.filter(({ seq }) => !this.told.has(seq))) {
      const error = await this.tell(event, context);
      if (error) return error;
      this.told.add(event.seq);
    }
    return null;
  }

  private async tell(event: StoredEvent, { signal, holds }: BatchContext): Promise<Error | null> {
    for (const runEvent of this.runEventsOf(event)) {
      if (signal.aborted || !holds()) return new Error('this process tells no more');
      const error = this.judge(await this.receiver!.post(runEvent, signal), event, runEvent);
      if (error) return error;
    }
    return null;
  }

  private runEventsOf(event: StoredEvent): RunEvent[] {
    try {
      const news = event.topic === 'job' ? jobNews(event, this.names) : traceNews(event);
      return news.map((each) => this.runEvents.of(each));
    } catch (error) {
      this.logger.error({ message: 'an event cannot be told in OpenLineage and is passed over', seq: event.seq, error });
      return [];
    }
  }

  /** @returns the error that stops its run for now; null when the next event may follow */
  private judge(delivery: Delivery, { seq }: StoredEvent, { run, eventType }: RunEvent): Error | null {
    const about = { runId: run.runId, eventType, seq };
    if (delivery.kind === 'taken') {
      this.metrics.openLineageTold('taken');
      return null;
    }
    if (delivery.kind === 'refused') {
      this.metrics.openLineageTold('refused');
      this.logger.warn({
        message: 'the receiver refuses an event, it is passed over',
        ...about,
        status: delivery.status,
        answer: delivery.answer,
      });
      return null;
    }
    this.metrics.openLineageTold('failed');
    this.pausedUntilMs = Math.max(this.pausedUntilMs, performance.now() + delivery.retryAfterMs);
    if (delivery.status !== internalServerError || this.countFailure(seq) < maxServerErrors) return new Error(delivery.why);
    this.metrics.openLineageTold('refused');
    this.logger.error({ message: 'an event makes the receiver fail again and again, it is passed over', ...about });
    return null;
  }

  private countFailure(seq: number): number {
    const count = (this.failures.get(seq) ?? 0) + 1;
    this.failures.set(seq, count);
    return count;
  }

  /** Marks the events before the first that was not told. */
  private noteDone(events: readonly StoredEvent[], { done }: BatchContext): void {
    for (const event of events) {
      if (!this.told.delete(event.seq)) return;
      this.failures.delete(event.seq);
      done(event);
    }
  }
}

/** The events of each job and of each trace, in their order. */
function groupsOf(events: readonly StoredEvent[]): StoredEvent[][] {
  const groups = new Map<string, StoredEvent[]>();
  for (const event of events) {
    const group = event.topic === 'trace' ? `trace ${String(event.data['traceId'])}` : event.subject;
    groups.set(group, [...(groups.get(group) ?? []), event]);
  }
  return [...groups.values()];
}
