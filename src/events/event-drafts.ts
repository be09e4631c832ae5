import type { ChangeEntry, Versioned } from '../database/change.js';
import type { EventDraft } from './events.schema.js';
import { identityOf } from './events.store.js';
import type { OutboxSource } from './outbox-registry.js';

/** The id that a document has in events. */
export const documentIdOf = (source: OutboxSource, document: Versioned): string => source.documentIdOf?.(document) ?? String(document._id);

function assertEntry(entry: ChangeEntry, above: number): void {
  if (!Number.isSafeInteger(entry.version) || entry.version <= above)
    throw new Error(`entry has version ${String(entry.version)} after ${above}`);
  if (!(entry.at instanceof Date)) throw new Error(`entry ${entry.version} has no time`);
}

/**
 * The unrelayed entries of a document as events without number, by ascending version.
 * @throws Error when an entry is damaged, or whatever the source's functions throw
 */
export function draftsOf(source: OutboxSource, document: Versioned): EventDraft[] {
  const about = {
    documentId: documentIdOf(source, document),
    subject: source.subjectOf(document),
    topic: source.topic,
    dataset: source.datasetOf(document),
  };
  let above = 0;
  return document.outbox.map((entry) => {
    assertEntry(entry, above);
    above = entry.version;
    const { version, at, type, from, to, changes, actor, reason, requestId, traceparent } = entry;
    const change = { version, at, type, from, to, changes, actor, reason, requestId, ...(traceparent !== undefined && { traceparent }) };
    return { ...about, ...change, data: source.dataOf(document, entry) };
  });
}

/**
 * The drafts of many documents as one list: oldest first across documents, by version within each, and each once, since a document that moves between
 * two collections is read twice.
 */
export function mergeDrafts(ofDocuments: readonly (readonly EventDraft[])[]): EventDraft[] {
  const keyed = ofDocuments.flatMap((drafts) => {
    let latest = -Infinity; // clocks may jump back, versions do not
    return drafts.map((draft) => ({ draft, key: (latest = Math.max(latest, draft.at.getTime())) }));
  });
  keyed.sort((a, b) => a.key - b.key);
  return [...new Map(keyed.map(({ draft }) => [identityOf(draft), draft])).values()];
}
