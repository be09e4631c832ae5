import { databaseAway } from '../database/mongo-errors.js';
import type { EventDraft } from './events.schema.js';
import { type EventsStore, identityOf } from './events.store.js';

/** What became of drafts: all are events now but those of the refused documents; or this process leads no more, and it is open which are. */
export type LogOutcome = { readonly kind: 'logged'; readonly refused: ReadonlyMap<string, Error> } | { readonly kind: 'lost' };

const maxEventsPerInsert = 500;

/**
 * Gives numbers to drafts and stores them as events, one after the other, for one term of leading.
 *
 * A draft whose document and version are stored already was relayed before a crash, or by the leader before: it is passed over. A number that is taken
 * belongs to another leader: this one is lost. A number is only ever the one behind the last stored, never reserved, so that two leaders meet at the
 * same number and nothing can appear below one that was seen. After an error it is unknown how much was stored; the next append asks first.
 */
export class EventLog {
  private known = false;

  /**
   * @param last no number up to this one is given again
   * @param leads asked before every write
   */
  constructor(
    private readonly events: EventsStore,
    private last: number,
    private readonly leads: () => boolean,
  ) {}

  /** The last number that is known to be stored. */
  get lastSeq(): number {
    return this.last;
  }

  /**
   * Stores the drafts in the given order. A document that cannot be stored costs only its own drafts, from the refused one on.
   * @throws when the database does not answer, or not in time, or refuses everything
   */
  async append(drafts: readonly EventDraft[]): Promise<LogOutcome> {
    try {
      return await this.appendAll(drafts);
    } catch (error) {
      this.known = false;
      if (databaseAway(error)) throw error;
      return this.appendByDocument(drafts, error as Error);
    }
  }

  private async appendAll(drafts: readonly EventDraft[]): Promise<LogOutcome> {
    if (!this.known) this.last = Math.max(this.last, await this.events.lastSeq());
    this.known = true;
    const refused = new Map<string, Error>();
    for (let rest = drafts; rest.length > 0;) {
      const left = this.leads() ? await this.appendSome(rest, refused) : undefined;
      if (!left) return { kind: 'lost' };
      rest = left;
    }
    return { kind: 'logged', refused };
  }

  /** Stores the first of the drafts; answers with those that are left, or undefined when a number is taken. */
  private async appendSome(drafts: readonly EventDraft[], refused: Map<string, Error>): Promise<readonly EventDraft[] | undefined> {
    const chunk = drafts.slice(0, maxEventsPerInsert);
    const outcome = await this.events.append(chunk.map((draft, index) => ({ ...draft, seq: this.last + 1 + index })));
    const stored = outcome.kind === 'appended' ? chunk.length : outcome.at;
    this.last += stored;
    const rest = drafts.slice(stored);
    if (outcome.kind === 'appended') return rest;
    const failed = rest[0]!;
    if (outcome.kind === 'refused') {
      refused.set(failed.documentId, outcome.error);
      return rest.filter((draft) => draft.documentId !== failed.documentId);
    }
    const relayed = await this.events.findRelayed(chunk.slice(stored));
    return relayed.has(identityOf(failed)) ? rest.filter((draft) => !relayed.has(identityOf(draft))) : undefined;
  }

  /** Finds the document behind an error that names none, such as a value that cannot be serialised. When all fail, it is none of them. */
  private async appendByDocument(drafts: readonly EventDraft[], cause: Error): Promise<LogOutcome> {
    const ids = new Set(drafts.map((draft) => draft.documentId));
    if (ids.size === 1) return { kind: 'logged', refused: new Map([...ids].map((id) => [id, cause])) };
    const refused = new Map<string, Error>();
    for (const id of ids) {
      const outcome = await this.append(drafts.filter((draft) => draft.documentId === id));
      if (outcome.kind === 'lost') return outcome;
      for (const [refusedId, error] of outcome.refused) refused.set(refusedId, error);
    }
    if (refused.size === ids.size) throw cause;
    return { kind: 'logged', refused };
  }
}
