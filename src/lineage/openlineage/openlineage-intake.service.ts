import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Caller } from '../../common/caller.js';
import { AppError } from '../../common/errors/app-error.js';
import type { ExactValue } from '../../common/exact-json.js';
import { inParallel } from '../../common/in-parallel.js';
import { LineageEventInvalidError } from '../lineage.errors.js';
import { isRunEvent, kindOf, type OpenLineageEvent } from './openlineage.js';
import { type KeptEvent, type NewOpenLineageEvent, OpenLineageEventsStore } from './openlineage-events.store.js';
import { OpenLineageValidator } from './openlineage-validator.js';

/** What became of one event of a batch. */
export type Intake = KeptEvent | { readonly error: AppError };

const atOnce = 16;

function newEventOf(event: OpenLineageEvent, exact: ExactValue): NewOpenLineageEvent {
  const job = 'job' in event ? event.job : null;
  return {
    contentHash: createHash('sha256').update(exact.writeSorted()).digest('hex'),
    kind: kindOf(event),
    raw: exact.write(),
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
  async take(exact: ExactValue, caller: Caller): Promise<KeptEvent> {
    return this.store.keep(this.checked(exact), caller);
  }

  /**
   * Keeps the events of a batch, each for itself, in no order: what they say does not depend on it. Of the same content the first is kept, the others are known.
   * @throws whatever the database throws
   */
  takeAll(batch: readonly ExactValue[], caller: Caller): Promise<Intake[]> {
    const keeping = new Map<string, Promise<KeptEvent>>();
    const keepOnce = async (event: NewOpenLineageEvent): Promise<KeptEvent> => {
      const first = keeping.get(event.contentHash);
      if (first) return { ...(await first), known: true };
      const kept = this.store.keep(event, caller);
      keeping.set(event.contentHash, kept);
      return kept;
    };
    return inParallel(batch, atOnce, async (exact) => {
      try {
        return await keepOnce(this.checked(exact));
      } catch (error) {
        if (error instanceof LineageEventInvalidError) return { error };
        throw error;
      }
    });
  }

  private checked(exact: ExactValue): NewOpenLineageEvent {
    const checked = this.validator.check(exact.value);
    if ('errors' in checked) throw new LineageEventInvalidError(checked.errors);
    return newEventOf(checked.event, exact);
  }
}
