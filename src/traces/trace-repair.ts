import { Injectable } from '@nestjs/common';
import type { StoredEvent } from '../events/index.js';
import { type EventContent, foldedEvent } from './trace-content.js';
import { foldOf, joinFolds, type TraceFold } from './trace-fold.js';
import { TraceEventsStore } from './trace-events.store.js';
import { TraceProjector } from './trace-projector.js';

/**
 * Joins every event of a trace into its summary once more, when the event is told of: what a request that stored an event did not come to do is done here.
 * For all others it changes nothing.
 */
@Injectable()
export class TraceRepair {
  constructor(
    private readonly events: TraceEventsStore,
    private readonly projector: TraceProjector,
  ) {}

  /** Safe to repeat. */
  async handle(told: readonly Pick<StoredEvent, 'documentId'>[]): Promise<void> {
    const folds = new Map<string, TraceFold>();
    for (const { traceId, content, contentHash } of await this.events.findByIds(told.map(({ documentId }) => documentId))) {
      const fold = foldOf(foldedEvent(JSON.parse(content) as EventContent, contentHash));
      const known = folds.get(traceId);
      folds.set(traceId, known ? joinFolds(known, fold) : fold);
    }
    for (const [traceId, fold] of folds) await this.projector.join(traceId, fold);
  }
}
