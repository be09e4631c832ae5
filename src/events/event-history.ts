import { Injectable } from '@nestjs/common';
import { CursorInvalidError } from '../common/errors/request.errors.js';
import type { KeyPart, Place } from '../common/http/cursor.js';
import { type Page, readPage } from '../common/http/page.js';
import type { ChangeEntry } from '../database/change.js';
import { publicType } from './event-types.js';
import { EventsStore, type VersionRange } from './events.store.js';

/** Which page of an object's history. */
export interface HistoryPageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

function entryOf({ version, at, type, from, to, changes, actor, reason, requestId }: ChangeEntry): ChangeEntry {
  return { version, at, type: publicType(type), from, to, changes, actor, reason, requestId };
}

function versionOf(key: readonly KeyPart[]): number {
  const [version] = key;
  if (typeof version !== 'number') throw new CursorInvalidError();
  return version;
}

function rangeOf(place: Place | undefined, limit: number): VersionRange {
  if (!place) return { limit };
  const version = versionOf(place.key);
  return place.direction === 'after' ? { limit, below: version } : { limit, above: version };
}

/**
 * The changes of one object: its events and what still waits in its outbox. Callers read the document first, then ask here: an entry that is relayed
 * in between is found twice and told once, where the other order could miss it. Types carry their `.v1`.
 */
@Injectable()
export class EventHistory {
  constructor(private readonly events: EventsStore) {}

  /** The newest entries, newest first. */
  of(documentId: string, outbox: readonly ChangeEntry[], limit = 100): Promise<ChangeEntry[]> {
    return this.read(documentId, outbox, { limit });
  }

  /**
   * One page of all entries, newest first.
   * @throws CursorInvalidError when the cursor is not one of this object's history
   */
  pageOf(documentId: string, outbox: readonly ChangeEntry[], { limit, cursor }: HistoryPageRequest): Promise<Page<ChangeEntry>> {
    return readPage({
      limit,
      cursor,
      boundTo: ['history', documentId],
      keyOf: (entry: ChangeEntry) => [entry.version],
      keyTypes: ['integer'],
      read: (place, count) => this.read(documentId, outbox, rangeOf(place, count)),
    });
  }

  private async read(documentId: string, outbox: readonly ChangeEntry[], range: VersionRange): Promise<ChangeEntry[]> {
    const events = await this.events.findOfDocument(documentId, range);
    const { below = Infinity, above = -Infinity, limit } = range;
    const waiting = outbox.filter(({ version }) => version < below && version > above);
    const byVersion = new Map([...waiting, ...events].map((entry) => [entry.version, entryOf(entry)]));
    const order = range.above === undefined ? -1 : 1;
    return [...byVersion.values()].sort((a, b) => order * (a.version - b.version)).slice(0, limit);
  }
}
