import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import type { StoredEvent } from '../../events/index.js';
import { type EventContent, foldedEvent } from '../content/trace-content.js';
import { foldOf, joinFolds, type TraceFold } from './trace-fold.js';
import { TraceEventsStore } from '../reading/trace-events.store.js';
import { TraceProjector } from './trace-projector.js';
import { TracesStore } from '../traces.store.js';

/**
 * Makes sure that every event that is told of is part of the summary of its trace: what a request that stored an event did not come to do is done here. For all
 * others it only looks.
 */
@Injectable()
export class TraceRepair {
  constructor(
    private readonly traces: TracesStore,
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
    const summaries = await this.traces.findFolds([...folds.keys()]);
    for (const [traceId, fold] of folds) {
      const summary = summaries.get(traceId);
      // A summary only ever grows, so that one which holds the fold now always will.
      const holdsIt = summary !== undefined && isDeepStrictEqual(joinFolds(summary, fold), summary);
      if (!holdsIt) await this.projector.join(traceId, fold);
    }
  }
}
