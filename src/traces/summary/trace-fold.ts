/**
 * What a trace amounts to, as a fold over its events.
 *
 * A trace is `running` from its creation. An event with the status FINISHED ends it: `failed` when the event's own status is FAILED, else `finished`. Of several
 * ends the first one counts, whenever it arrived: the smallest by start, component, operation, content. Whatever starts later, or arrives later, never makes an
 * ended trace run again; an end of the other outcome is kept beside the first and shown as a contradiction.
 *
 * Every part of a fold is a smallest, a greatest, or a bounded set. So folds join in any order and grouping, and joining one twice changes nothing: what
 * `trace-projection.ts` does in the database may be repeated, and may meet others, without harm.
 * @see contracts/traces.md 6
 */

export const traceStates = ['running', 'finished', 'failed'] as const;
export type TraceState = (typeof traceStates)[number];

/** The place of an event among those of its trace. Fields in the order in which they are compared: the database compares objects field by field. */
export interface EventPlace {
  readonly start: string;
  readonly component: string;
  /** Empty where the event names none. */
  readonly operation: string;
  readonly content: string;
}

/** An event that ends a trace. */
export interface EndMark extends EventPlace {
  /** Its end, else its start; null when neither is a time. */
  readonly endedAt: Date | null;
}

/** The event with the greatest place. */
export interface LatestMark extends EventPlace {
  readonly traceStatus: string;
  readonly traceEventStatus: string;
}

/** An event that says it failed. */
export interface FailureMark extends EventPlace {
  readonly message: string | null;
}

/** The smallest names of a set; `cut` when it had more. */
export interface BoundedNames {
  readonly names: readonly string[];
  readonly cut: boolean;
}

export interface TraceFold {
  readonly startedAt: Date | null;
  readonly latest: LatestMark | null;
  /** First end of either outcome. */
  readonly finished: EndMark | null;
  readonly failed: EndMark | null;
  readonly failure: FailureMark | null;
  readonly components: BoundedNames;
  readonly filesIn: BoundedNames;
  readonly filesOut: BoundedNames;
}

/** How many names a fold keeps. */
export const keptNames = { components: 100, filesIn: 200, filesOut: 200 } as const;

/** What a fold looks at in an event. Texts are cut to what a summary shows. */
export interface FoldedEvent extends EventPlace {
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly traceStatus: string;
  readonly traceEventStatus: string;
  readonly failureMessage: string | null;
  readonly filesIn: BoundedNames;
  readonly filesOut: BoundedNames;
}

/** As the database compares texts: byte by byte, which differs from JavaScript beyond U+FFFF. */
const compareText = (a: string, b: string): number => (a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** Negative when `a` comes before `b`. */
const comparePlaces = (a: EventPlace, b: EventPlace): number =>
  compareText(a.start, b.start) ||
  compareText(a.component, b.component) ||
  compareText(a.operation, b.operation) ||
  compareText(a.content, b.content);

const smaller = <T extends EventPlace>(a: T | null, b: T | null): T | null => (!a || !b ? (a ?? b) : comparePlaces(a, b) <= 0 ? a : b);
const greater = <T extends EventPlace>(a: T | null, b: T | null): T | null => (!a || !b ? (a ?? b) : comparePlaces(a, b) >= 0 ? a : b);
const earlier = (a: Date | null, b: Date | null): Date | null => (!a || !b ? (a ?? b) : a <= b ? a : b);

/** The smallest `limit` of some names. */
export function boundedNames(all: Iterable<string>, limit: number, cut = false): BoundedNames {
  const names = [...new Set(all)].sort(compareText);
  return { names: names.slice(0, limit), cut: cut || names.length > limit };
}

const united = (a: BoundedNames, b: BoundedNames, limit: number): BoundedNames =>
  boundedNames([...a.names, ...b.names], limit, a.cut || b.cut);

/** True for an event that ends its trace. */
export const endsTrace = ({ traceStatus }: { readonly traceStatus: string }): boolean => traceStatus === 'FINISHED';
/** True for an event that says of itself that it failed. */
export const isFailure = ({ traceEventStatus }: { readonly traceEventStatus: string }): boolean => traceEventStatus === 'FAILED';

/** When an event that ends something says that it did: its end, else its start; null when neither is a time. */
export const endedAtOf = ({ startedAt, endedAt }: Pick<FoldedEvent, 'startedAt' | 'endedAt'>): Date | null => endedAt ?? startedAt;

/** The fold of one event. */
export function foldOf(event: FoldedEvent): TraceFold {
  const { start, component, operation, content, traceStatus, traceEventStatus } = event;
  const place = { start, component, operation, content };
  const end = endsTrace(event) ? { ...place, endedAt: endedAtOf(event) } : null;
  return {
    startedAt: event.startedAt,
    latest: { ...place, traceStatus, traceEventStatus },
    finished: isFailure(event) ? null : end,
    failed: isFailure(event) ? end : null,
    failure: isFailure(event) ? { ...place, message: event.failureMessage } : null,
    components: boundedNames([component], keptNames.components),
    filesIn: event.filesIn,
    filesOut: event.filesOut,
  };
}

/** Two folds as one. */
export const joinFolds = (a: TraceFold, b: TraceFold): TraceFold => ({
  startedAt: earlier(a.startedAt, b.startedAt),
  latest: greater(a.latest, b.latest),
  finished: smaller(a.finished, b.finished),
  failed: smaller(a.failed, b.failed),
  failure: smaller(a.failure, b.failure),
  components: united(a.components, b.components, keptNames.components),
  filesIn: united(a.filesIn, b.filesIn, keptNames.filesIn),
  filesOut: united(a.filesOut, b.filesOut, keptNames.filesOut),
});

/** The end that counts; null while there is none. */
export const endOf = ({ finished, failed }: Pick<TraceFold, 'finished' | 'failed'>): EndMark | null => smaller(finished, failed);

/** The state that a fold amounts to. */
export function stateOf(fold: Pick<TraceFold, 'finished' | 'failed'>): TraceState {
  const end = endOf(fold);
  if (!end) return 'running';
  return end === fold.failed ? 'failed' : 'finished';
}
