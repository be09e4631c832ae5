import { createHash } from 'node:crypto';
import { boundedNames, type FoldedEvent, keptNames } from '../summary/trace-fold.js';
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
/** Of each list of files in an event of the platform. */
const maxTold = { names: 1_000, characters: 65_536 } as const;

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

function filesIn(body: unknown, field: string): { readonly names: string[]; readonly cut: boolean } {
  const listed: unknown = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[field] : undefined;
  const texts = Array.isArray(listed) ? listed.filter((name): name is string => typeof name === 'string' && name !== '') : [];
  const names = texts.filter((name) => name.length <= maxShown.file);
  return { names: [...new Set(names)], cut: names.length < texts.length };
}

const incoming = 'files_incoming';
const outgoing = 'files_outgoing';

/** The first names of a list, as many as there is room for. */
function firstNames(names: readonly string[]): string[] {
  let room: number = maxTold.characters;
  return names.slice(0, maxTold.names).filter((name) => (room -= name.length) >= 0);
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

/** What an event of the platform tells of a step beside its identity; bounded, because events are kept, sent and read in large numbers. */
export interface ToldContent {
  /** Files that it took in and put out, in the order in which it names them. */
  readonly filesIn: readonly string[];
  readonly filesOut: readonly string[];
  /** Why it failed; null when it did not, or does not say. */
  readonly failureMessage: string | null;
  /** The version of its dataset, where it names the same dataset as its trace; null where it states none. */
  readonly statedVersion: string | null;
}

/** @param datasetName of the trace */
export function toldContent(content: EventContent, datasetName: string): ToldContent {
  const body = content.status_body;
  const domainId = content.domain === 'dataset' ? (content.domain_id ?? '') : '';
  const version = domainId.startsWith(`${datasetName}/`) ? domainId.slice(datasetName.length + 1) : '';
  return {
    filesIn: firstNames(filesIn(body, incoming).names),
    filesOut: firstNames(filesIn(body, outgoing).names),
    failureMessage: content.trace_event_status === 'FAILED' ? failureMessageOf(content) : null,
    statedVersion: version || null,
  };
}

/** An event as the fold sees it. */
export function foldedEvent(content: EventContent, contentHash: string): FoldedEvent {
  const { status_body: body } = content;
  const [taken, put] = [filesIn(body, incoming), filesIn(body, outgoing)];
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
    filesIn: boundedNames(taken.names, keptNames.filesIn, taken.cut),
    filesOut: boundedNames(put.names, keptNames.filesOut, put.cut),
  };
}
