import { Injectable } from '@nestjs/common';
import type { Caller } from '../../common/caller.js';
import { AppError } from '../../common/errors/app-error.js';
import { inParallel } from '../../common/in-parallel.js';
import { LineageEventInvalidError } from '../lineage.errors.js';
import { contentHash } from './content-hash.js';
import { isRunEvent, kindOf, type OpenLineageEvent } from './openlineage.js';
import { type KeptEvent, type NewOpenLineageEvent, OpenLineageEventsStore } from './openlineage-events.store.js';
import { OpenLineageValidator } from './openlineage-validator.js';

/** What became of one event of a batch. */
export type Intake = KeptEvent | { readonly error: AppError };

const atOnce = 16;

function newEventOf(event: OpenLineageEvent): NewOpenLineageEvent {
  const job = 'job' in event ? event.job : null;
  return {
    contentHash: contentHash(event),
    kind: kindOf(event),
    raw: JSON.stringify(event),
    runId: isRunEvent(event) ? event.run.runId.toLowerCase() : null,
    eventType: isRunEvent(event) ? (event.eventType ?? null) : null,
    eventTime: event.eventTime,
    jobNamespace: job?.namespace ?? null,
    jobName: job?.name ?? null,
  };
}

/** Takes events of OpenLineage: checks their form, and keeps them as they are. What they say of the graph, a consumer of events finds out. */
@Injectable()
export class OpenLineageIntake {
  private readonly validator = new OpenLineageValidator();

  constructor(private readonly store: OpenLineageEventsStore) {}

  /**
   * Keeps one event. Safe to repeat: the same content is kept once.
   * @throws LineageEventInvalidError
   */
  async take(body: unknown, caller: Caller): Promise<KeptEvent> {
    const checked = this.validator.check(body);
    if ('errors' in checked) throw new LineageEventInvalidError(checked.errors);
    return this.store.keep(newEventOf(checked.event), caller);
  }

  /** Keeps the events of a batch, each for itself, in no order: what they say does not depend on it. @throws whatever the database throws */
  takeAll(bodies: readonly unknown[], caller: Caller): Promise<Intake[]> {
    return inParallel(bodies, atOnce, (body) => this.takeOne(body, caller));
  }

  private async takeOne(body: unknown, caller: Caller): Promise<Intake> {
    try {
      return await this.take(body, caller);
    } catch (error) {
      if (error instanceof LineageEventInvalidError) return { error };
      throw error;
    }
  }
}
