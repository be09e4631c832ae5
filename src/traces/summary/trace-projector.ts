import { Injectable } from '@nestjs/common';
import { joinFolds, type TraceFold } from './trace-fold.js';
import { TracesStore } from '../traces.store.js';

/** What waits for the running update of one trace. */
interface Line {
  pending: TraceFold | null;
  /** The update that will take `pending`. */
  next: Promise<void> | null;
}

/**
 * Keeps the summaries of traces: joins the fold of each event into its trace, right after the event was stored. Updates of one trace would wait for each other
 * in the database; here those that come while one runs are joined and go together.
 */
@Injectable()
export class TraceProjector {
  private readonly lines = new Map<string, Line>();

  constructor(private readonly store: TracesStore) {}

  /** Resolves when the fold is part of the trace's summary. Safe to repeat. */
  join(traceId: string, fold: TraceFold): Promise<void> {
    const line = this.lines.get(traceId);
    if (!line) return this.lead(traceId, fold);
    line.pending = line.pending ? joinFolds(line.pending, fold) : fold;
    return line.next!;
  }

  /** Runs an update, and behind it one more with whatever came meanwhile. */
  private lead(traceId: string, fold: TraceFold): Promise<void> {
    const line: Line = { pending: null, next: null };
    this.lines.set(traceId, line);
    const running = this.store.project(traceId, fold);
    line.next = running.then(
      () => this.follow(traceId, line),
      () => this.follow(traceId, line), // the failure belongs to those who led
    );
    line.next.catch(() => undefined); // nobody may be waiting
    return running;
  }

  private follow(traceId: string, { pending }: Line): Promise<void> {
    this.lines.delete(traceId);
    return pending ? this.lead(traceId, pending) : Promise.resolve();
  }
}
