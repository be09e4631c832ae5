import { Injectable, Logger } from '@nestjs/common';
import type { Versioned } from '../database/change.js';
import { documentIdOf, draftsOf, mergeDrafts } from './event-drafts.js';
import type { EventLog } from './event-log.js';
import type { EventDraft } from './events.schema.js';
import { OutboxRegistry, type OutboxSource } from './outbox-registry.js';
import { OutboxStore } from './outbox.store.js';
import { PostponedDocuments } from './postponed-documents.js';

/** What one round did: `more` is true when documents may have been left for lack of room; `lost` means that this process leads no more. */
export type RoundOutcome = { readonly kind: 'moved'; readonly documents: number; readonly more: boolean } | { readonly kind: 'lost' };

interface Found {
  readonly source: OutboxSource;
  readonly document: Versioned;
}

interface Batch {
  readonly found: readonly Found[];
  readonly more: boolean;
}

const maxDocuments = 200;
const oldestAt = ({ document }: Found): number => document.outbox[0]?.at?.getTime?.() ?? 0;

/**
 * Moves entries from outboxes to the event log, a batch of documents at a time: reads the documents with the oldest entries, stores the entries as
 * events, then takes them out of the outboxes up to the version that was read. Ending anywhere between is harmless: what is stored already is passed
 * over by the next round, which takes it out.
 */
@Injectable()
export class OutboxMover {
  private readonly logger = new Logger('Relay');
  private readonly postponed = new PostponedDocuments();

  constructor(
    private readonly registry: OutboxRegistry,
    private readonly outboxes: OutboxStore,
  ) {}

  /**
   * Moves one batch. A document that cannot be relayed is logged, left out for a while, and does not stop the others.
   * @throws when the database does not answer, or not in time
   */
  async moveBatch(log: EventLog): Promise<RoundOutcome> {
    const { found, more } = await this.readBatch();
    if (found.length === 0) return { kind: 'moved', documents: 0, more };
    const drafts = found.map((one) => this.draftsOrPostpone(one));
    const outcome = await log.append(mergeDrafts(drafts));
    if (outcome.kind === 'lost') return outcome;
    const relayed = found.filter((one, index) => drafts[index]!.length > 0 && !this.postponeIfRefused(one, outcome.refused));
    await this.takeOut(relayed);
    return { kind: 'moved', documents: relayed.length, more };
  }

  private async readBatch(): Promise<Batch> {
    const { sources } = this.registry;
    const lists = await Promise.all(
      sources.map(async (source): Promise<Found[]> => {
        const without = this.postponed.idsOf(source.model.collection.name);
        const documents = await this.outboxes.findOldest(source, maxDocuments, without);
        return documents.map((document) => ({ source, document }));
      }),
    );
    const all = lists.flat().sort((a, b) => oldestAt(a) - oldestAt(b));
    return { found: all.slice(0, maxDocuments), more: lists.some((list) => list.length === maxDocuments) || all.length > maxDocuments };
  }

  private draftsOrPostpone(found: Found): EventDraft[] {
    try {
      return draftsOf(found.source, found.document);
    } catch (error) {
      this.postpone(found, error as Error);
      return [];
    }
  }

  private postponeIfRefused(found: Found, refused: ReadonlyMap<string, Error>): boolean {
    const error = refused.get(documentIdOf(found.source, found.document));
    if (error) this.postpone(found, error);
    return error !== undefined;
  }

  private postpone({ source, document }: Found, error: Error): void {
    const collection = source.model.collection.name;
    const pauseMs = this.postponed.add(collection, document._id);
    const again = `tried again in ${Math.round(pauseMs / 1_000)} s`;
    this.logger.error(`changes of ${collection}/${String(document._id)} cannot become events, ${again}: ${error.message}`, error.stack);
  }

  private async takeOut(relayed: readonly Found[]): Promise<void> {
    for (const source of new Set(relayed.map((found) => found.source))) {
      const documents = relayed.filter((found) => found.source === source).map((found) => found.document);
      await this.outboxes.removeRelayed(
        source,
        documents.map(({ _id, outbox }) => ({ id: _id, version: outbox.at(-1)!.version })),
      );
      for (const { _id } of documents) this.postponed.remove(source.model.collection.name, _id);
    }
  }
}
