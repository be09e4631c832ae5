import type { Actor, Caller } from '../common/caller.js';

/** One change of one document, as it stands in the document's `outbox`, then in `events`, and in the history of the API. */
export interface ChangeEntry {
  /** The document's version after the change; with the document's id the identity of the event. */
  readonly version: number;
  /** Database clock. */
  readonly at: Date;
  /** Event type without its `.v1`, such as `job.completed`. */
  readonly type: string;
  /** State before; null for a creation. */
  readonly from: string | null;
  readonly to: string;
  /** Field → [before, after]; only fields that the change names. */
  readonly changes: Readonly<Record<string, readonly [unknown, unknown]>>;
  readonly actor: Actor;
  readonly reason: string | null;
  readonly requestId: string;
  /** W3C trace context of the request; absent where there was none. */
  readonly traceparent?: string;
}

/** What every aggregate document has. */
export interface Versioned {
  readonly _id: unknown;
  /** 1 at creation, raised by one with every change. */
  readonly version: number;
  /** Changes that the relay has not yet copied to `events`, oldest first. */
  readonly outbox: readonly ChangeEntry[];
}

/** An aggregation expression: what MongoDB evaluates, as opposed to a value from outside. Made by the functions below only. */
export class Expression {
  constructor(readonly json: unknown) {}
}

/** The given aggregation expression, taken as it is. Never build one from request data: pass that as a plain value. */
export const expression = (json: unknown): Expression => new Expression(json);
/**
 * The database's clock, as an operand of a change, and never before the document's last change: `$$NOW` is the time at which a statement came, and a statement
 * may wait for another one's change of the same document.
 */
export const now = { $max: ['$$NOW', '$updatedAt'] };
/** The database's clock. */
export const serverTime = expression(now);

/** A value as an aggregation operand: expressions as they are, everything else as a literal, so that a leading `$` stays text. */
export function operand(value: unknown): unknown {
  if (value instanceof Expression) return value.json;
  return { $literal: value === undefined ? null : value };
}

/** A change of an existing document. */
export interface Change {
  /** Event type without `.v1`; an expression where it depends on the state before. */
  readonly type: string | Expression;
  /** State after the change, for the entry; the document's own field is set through `set`. */
  readonly to: string | Expression;
  /** The field that holds the state before; default `status`. */
  readonly stateField?: string;
  /** State before, where no field holds it. */
  readonly from?: string;
  /** Fields to set: plain values are literals, expressions see the document as it was. */
  readonly set: Readonly<Record<string, unknown>>;
  /** Names of fields in `set` whose values before and after belong in the history. */
  readonly recorded?: readonly string[];
  /** Further pairs for the history, where neither field nor value is what should be shown. */
  readonly changes?: Readonly<Record<string, readonly [unknown, unknown]>>;
  readonly caller: Caller;
  readonly reason?: string | null;
  /** When given and false for the document, `set` still happens, but it is no change: no version, no entry. */
  readonly onlyIf?: Expression;
}

/** The values before and after, left out where they are equal. */
const pairOf = (before: unknown, after: unknown): object => ({ $cond: [{ $eq: [before, after] }, '$$REMOVE', [before, after]] });

function changesOf({ recorded = [], set, changes = {} }: Change): Record<string, object> {
  const fields = recorded.map((field) => [field, pairOf({ $ifNull: [`$${field}`, null] }, operand(set[field]))]);
  const further = Object.entries(changes).map(([name, [before, after]]) => [name, pairOf(operand(before), operand(after))]);
  return Object.fromEntries([...fields, ...further]) as Record<string, object>;
}

/** The trace context of an entry, where there is one. */
const traceOf = ({ traceparent }: Caller): object => (traceparent === undefined ? {} : { traceparent: operand(traceparent) });

function entryOf(change: Change): object {
  const stateField = change.stateField ?? 'status';
  return {
    version: { $add: ['$version', 1] },
    at: { $max: [now, { $last: '$outbox.at' }] },
    type: operand(change.type),
    from: change.from === undefined ? { $ifNull: [`$${stateField}`, null] } : operand(change.from),
    to: operand(change.to),
    changes: changesOf(change),
    actor: operand(change.caller.actor),
    reason: operand(change.reason ?? null),
    requestId: operand(change.caller.requestId),
    ...traceOf(change.caller),
  };
}

/**
 * The update pipeline of a change: sets the fields, raises `version` and appends the entry to `outbox`, in one stage, so that every expression sees
 * the document as it was. Use it with one conditional `updateOne` or `findOneAndUpdate`, whose filter names the expected state.
 * @see MONGODB.md 2
 */
export function changePipeline(change: Change): object[] {
  const set = Object.fromEntries(Object.entries(change.set).map(([field, value]) => [field, operand(value)]));
  const raised = { $add: ['$version', 1] };
  const appended = { $concatArrays: ['$outbox', [entryOf(change)]] };
  const whereItHappens = (then: object, otherwise: string): object =>
    change.onlyIf ? { $cond: [change.onlyIf.json, then, otherwise] } : then;
  return [{ $set: { ...set, version: whereItHappens(raised, '$version'), outbox: whereItHappens(appended, '$outbox') } }];
}

/** A document that is inserted with server time. */
export interface Insertion {
  /** Everything but `version` and `outbox`; values may be expressions, of which only server time makes sense. */
  readonly document: Readonly<Record<string, unknown>> & { readonly _id: unknown };
  readonly type: string;
  readonly to: string;
  /** State before, where the document moves here from another collection. */
  readonly from?: string | null;
  readonly changes?: Readonly<Record<string, readonly [unknown, unknown]>>;
  readonly caller: Caller;
  readonly reason?: string | null;
  /** For a document that moves here: its version and unrelayed entries so far. */
  readonly movedFrom?: Pick<Versioned, 'version' | 'outbox'>;
}

/** Matches no stored document, so that the upsert below always inserts, or fails with 11000 where the id is taken. */
export const insertionFilter = (id: unknown): { _id: unknown; version: number } => ({ _id: id, version: 0 });

/**
 * The pipeline that inserts a document with server time: use it in an upsert with `insertionFilter(document._id)`. The document gets version 1 (one more
 * than before when it moves here) and its entry.
 * @see MONGODB.md 2
 */
export function insertionPipeline(insertion: Insertion): object[] {
  const version = (insertion.movedFrom?.version ?? 0) + 1;
  const { actor, requestId } = insertion.caller;
  const entry = {
    version: operand(version),
    at: '$$NOW',
    type: operand(insertion.type),
    from: operand(insertion.from ?? null),
    to: operand(insertion.to),
    changes: operand(insertion.changes ?? {}),
    actor: operand(actor),
    reason: operand(insertion.reason ?? null),
    requestId: operand(requestId),
    ...traceOf(insertion.caller),
  };
  const fields = Object.fromEntries(Object.entries(insertion.document).map(([field, value]) => [field, operand(value)]));
  const outbox = { $concatArrays: [operand(insertion.movedFrom?.outbox ?? []), [entry]] };
  return [{ $replaceWith: { ...fields, version: operand(version), outbox } }];
}
