import { Inject, Injectable, Logger } from '@nestjs/common';
import { databaseAway } from '../database/mongo-errors.js';
import type { EventConsumer, StoredEvent } from '../events/index.js';
import { NodeNames } from './node-names.js';
import type { OpenLineageEvent } from './openlineage/openlineage.js';
import { OpenLineageEventsStore } from './openlineage/openlineage-events.store.js';
import { jobStep } from './steps/job-steps.js';
import { openLineageStep } from './steps/openlineage-steps.js';
import type { StepReport } from './steps/step.js';
import { StepsStore } from './steps/steps.store.js';
import { traceStep } from './steps/trace-steps.js';

/** True for an error that the same statement may not meet again: the database is away, or another process was faster with the same step. */
const mayBeOtherwise = (error: unknown): boolean => databaseAway(error) || (error as { code?: unknown }).code === 11000;

/** Fills the graph from the events of traces, jobs and OpenLineage. Handling an event again changes nothing. */
@Injectable()
export class LineageConsumer implements EventConsumer {
  readonly name = 'lineage';
  readonly topics = ['trace', 'job', 'openlineage'] as const;
  readonly skippedTypes = ['job.created', 'job.phase', 'job.progress', 'job.edited', 'job.cancel-requested', 'job.overdue', 'job.stale'];
  readonly batchSize = 500;
  /** The graph may be a second behind; under load that makes one read and one write of many. */
  readonly restMs = 1_000;
  private readonly logger = new Logger('Lineage');

  constructor(
    private readonly steps: StepsStore,
    private readonly received: OpenLineageEventsStore,
    @Inject(NodeNames) private readonly names: NodeNames,
  ) {}

  async handle(events: readonly StoredEvent[]): Promise<void> {
    const raw = await this.rawOf(events);
    const reports = events.flatMap((event) => this.reportOf(event, raw) ?? []);
    try {
      await this.steps.merge(reports);
    } catch (error) {
      if (mayBeOtherwise(error)) throw error;
      await this.mergeOneByOne(reports);
    }
  }

  /** Finds the report that the database will never take, and passes it over, so that it does not stand before all others. */
  private async mergeOneByOne(reports: readonly StepReport[]): Promise<void> {
    for (const report of reports) {
      await this.steps.merge([report]).catch((error: unknown) => {
        if (mayBeOtherwise(error)) throw error;
        this.logger.error({ message: 'a step was left out of the lineage graph', runId: report.runId, error });
      });
    }
  }

  private async rawOf(events: readonly StoredEvent[]): Promise<ReadonlyMap<string, string>> {
    const ids = events.filter(({ topic }) => topic === 'openlineage').map(({ documentId }) => documentId);
    return ids.length === 0 ? new Map() : this.received.findRaw(ids);
  }

  /** What an event tells of a step. One that cannot be read is logged and passed over: it would not be read better the next time. */
  private reportOf(event: StoredEvent, raw: ReadonlyMap<string, string>): StepReport | null {
    try {
      if (event.topic === 'job') return jobStep(event, this.names);
      if (event.topic === 'trace') return traceStep(event);
      const text = raw.get(event.documentId);
      return text === undefined ? null : openLineageStep(JSON.parse(text) as OpenLineageEvent, this.names);
    } catch (error) {
      this.logger.error({ message: 'an event was left out of the lineage graph', seq: event.seq, error });
      return null;
    }
  }
}
