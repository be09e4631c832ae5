import { createHash } from 'node:crypto';
import { boundedNames, type BoundedNames, type FoldedEvent, keptNames } from './trace-fold.js';
import { dateIn, placeInTime } from './trace-time.js';

/** The fields of an event that clients set, under their present names, in the order in which answers have them. */
export const eventFields = [
  'domain',
  'domain_id',
  'start_time',
  'end_time',
  'trace_status',
  'trace_event_status',
  'component',
  'user',
  'operation',
  'status_body',
  'meta',
  's3_path',
  'duration',
  'exception',
  'errors',
] as const;
export type EventField = (typeof eventFields)[number];

/** What a client says of one step: required fields are texts, the others as they were sent; what was not sent is absent. */
export type EventContent = Readonly<Partial<Record<EventField, unknown>>> & {
  readonly domain: string;
  readonly start_time: string;
  readonly end_time: string;
  readonly trace_status: string;
  readonly trace_event_status: string;
  readonly component: string;
  readonly domain_id?: string;
  readonly s3_path?: string;
};

/** An event's content with its texts, from which it can be shown as it was sent. */
export interface WrittenContent {
  readonly content: EventContent;
  /** The content as JSON; numbers have the digits that were sent. */
  readonly text: string;
  /** The content as JSON whose keys are sorted, so that equal contents have equal texts. */
  readonly canonicalText: string;
}

const maxShown = { name: 255, operation: 1_024, file: 1_024, message: 1_000 } as const;

const cutText = (text: string, characters: number): string => (text.length > characters ? text.slice(0, characters) : text).toWellFormed();

/** The fingerprint by which a repeat is recognised. */
export const contentHashOf = ({ canonicalText }: WrittenContent): string =>
  createHash('sha256').update(canonicalText).digest('base64url').slice(0, 22);

/** An operation as a text that may stand in an index: other values as JSON; empty where there is none; a long one is told apart by its hash. */
export function operationOf({ operation }: EventContent): string {
  if (operation === undefined) return '';
  const text = (typeof operation === 'string' ? operation : JSON.stringify(operation)).toWellFormed();
  if (text.length <= maxShown.operation) return text;
  return `${text.slice(0, maxShown.name).toWellFormed()}#${createHash('sha256').update(text).digest('base64url')}`;
}

function filesIn(body: unknown, field: string, limit: number): BoundedNames {
  const listed: unknown = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[field] : undefined;
  const texts = Array.isArray(listed) ? listed.filter((name): name is string => typeof name === 'string' && name !== '') : [];
  const shown = texts.filter((name) => name.length <= maxShown.file);
  return boundedNames(shown, limit, shown.length < texts.length);
}

/** The English text of the first error that has a text, else another language's. */
function textOfErrors(errors: unknown): string | null {
  for (const error of Array.isArray(errors) ? (errors as unknown[]) : []) {
    const message = (error as { message?: unknown } | null)?.message;
    if (typeof message !== 'object' || message === null) continue;
    const { en, nb } = message as { en?: unknown; nb?: unknown };
    const text = [en, nb].find((each) => typeof each === 'string' && each !== '');
    if (text !== undefined) return text as string;
  }
  return null;
}

function failureMessageOf({ exception, errors }: EventContent): string | null {
  const exceptionText = exception === undefined ? null : typeof exception === 'string' ? exception : JSON.stringify(exception);
  const text = textOfErrors(errors) ?? exceptionText;
  return text === null ? null : cutText(text, maxShown.message);
}

/** The files that a step says it took in and put out. */
export const filesOf = ({ status_body: body }: EventContent): { readonly in: BoundedNames; readonly out: BoundedNames } => ({
  in: filesIn(body, 'files_incoming', keptNames.filesIn),
  out: filesIn(body, 'files_outgoing', keptNames.filesOut),
});

/** An event as the fold sees it. */
export function foldedEvent(content: EventContent, contentHash: string): FoldedEvent {
  const files = filesOf(content);
  return {
    start: placeInTime(content.start_time),
    component: cutText(content.component, maxShown.name),
    operation: cutText(operationOf(content), maxShown.name),
    content: contentHash,
    startedAt: dateIn(content.start_time),
    endedAt: dateIn(content.end_time),
    traceStatus: cutText(content.trace_status, maxShown.name),
    traceEventStatus: cutText(content.trace_event_status, maxShown.name),
    failureMessage: failureMessageOf(content),
    filesIn: files.in,
    filesOut: files.out,
  };
}
