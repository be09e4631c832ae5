import { type ExactObject, exactObjectOf } from '../../common/exact-json.js';
import { datasetNameFault } from '../../common/names.js';
import { type EventContent, type EventField, eventFields, type WrittenContent } from '../content/trace-content.js';
import { TraceAccessDeniedError, TraceEventInvalidError } from '../traces.errors.js';

/** Names that clients of 2020 send. @see contracts/traces.md 3.3 */
const legacyNames: Readonly<Record<string, string>> = {
  id: 'trace_id',
  application: 'domain',
  application_id: 'domain_id',
  date_started: 'start_time',
  date_end: 'end_time',
  handler: 'component',
  run_status: 'trace_status',
  status: 'trace_event_status',
  s3path: 's3_path',
  body: 'status_body',
};

const known: ReadonlySet<string> = new Set(eventFields);
/** Keys of the original's table and its index. */
const neverEmpty: ReadonlySet<string> = new Set<EventField>(['start_time', 's3_path']);
/** As long as a key of S3 may be. These fields are indexed or told of; free-form ones are bounded by the body. */
const maxTextCharacters = 1_024;
const unset = 'N/A';

/** The dataset that a new trace belongs to. */
export interface TraceOwner {
  /** What the permission to create is asked for. */
  readonly datasetId: string;
  /** Who owns the trace from then on. */
  readonly datasetName: string;
  /** Behind the first `/` of `domain_id`; null without one. */
  readonly datasetVersion: string | null;
}

/** The body of either POST: its fields under their present names. Of an old and a new name the later one in the text counts. */
export class EventRequest {
  /** Present name → name in the body. */
  private readonly names: ReadonlyMap<string, string>;
  private readonly object: ExactObject;

  /**
   * @param text of the body, from which numbers keep their digits
   * @throws TraceEventInvalidError when the body is no object
   */
  constructor(body: unknown, text: string) {
    if (typeof body !== 'object' || body === null || Array.isArray(body))
      throw new TraceEventInvalidError('The body must be a JSON object.');
    this.object = exactObjectOf(text, body as Record<string, unknown>);
    const named = Object.keys(body).map((name) => [Object.hasOwn(legacyNames, name) ? legacyNames[name]! : name, name] as const);
    this.names = new Map(named.filter(([name]) => known.has(name)));
  }

  private has(field: EventField): boolean {
    return this.names.has(field);
  }

  /** The value of a field; null and undefined alike say that there is none. */
  private value(field: EventField): unknown {
    const name = this.names.get(field);
    return name === undefined ? undefined : this.object.fields[name];
  }

  private requiredText(field: EventField): string {
    const value = this.value(field);
    if (value === undefined || value === null) throw new TraceEventInvalidError(`${field} is required.`, field);
    return this.text(field, value);
  }

  private text(field: EventField, value: unknown): string {
    if (typeof value !== 'string') throw new TraceEventInvalidError(`${field} must be a string.`, field);
    if (value.length > maxTextCharacters)
      throw new TraceEventInvalidError(`${field} is longer than ${maxTextCharacters} characters.`, field);
    if (value === '' && neverEmpty.has(field)) throw new TraceEventInvalidError(`${field} must not be empty.`, field);
    return value;
  }

  /**
   * The owner of a new trace: the dataset before the first `/`. To create one, an old caller is asked for its `application_id` as a whole.
   * @throws TraceEventInvalidError; TraceAccessDeniedError when it is about no dataset
   * @see contracts/traces.md 2.3
   */
  owner(): TraceOwner {
    if (this.requiredText('domain') !== 'dataset') throw new TraceAccessDeniedError();
    const domainId = this.requiredText('domain_id');
    const slash = domainId.indexOf('/');
    const datasetName = slash < 0 ? domainId : domainId.slice(0, slash);
    const fault = datasetNameFault(datasetName);
    if (fault) throw new TraceEventInvalidError(`domain_id must begin with the id of a dataset, which ${fault}.`, 'domain_id');
    const version = slash < 0 ? null : domainId.slice(slash + 1);
    return { datasetId: this.names.get('domain') === 'application' ? domainId : datasetName, datasetName, datasetVersion: version };
  }

  /** The first event of a trace: whatever statuses it brings, it is STARTED and OK. @throws TraceEventInvalidError */
  creation(): WrittenContent {
    if (this.has('s3_path')) this.text('s3_path', this.value('s3_path'));
    for (const field of ['domain_id', 'start_time', 'end_time', 'component'] as const) this.requiredText(field);
    return this.written({ trace_status: 'STARTED', trace_event_status: 'OK' });
  }

  /** A further event of a trace. @throws TraceEventInvalidError */
  step(): WrittenContent {
    for (const field of ['domain', 'start_time', 'end_time', 'trace_status', 'trace_event_status'] as const) this.requiredText(field);
    for (const field of ['domain_id', 's3_path'] as const) {
      const value = this.value(field);
      if (value !== undefined && value !== null) this.text(field, value);
    }
    if ((this.value('component') ?? null) === null) return this.written({ component: unset });
    this.requiredText('component');
    return this.written({});
  }

  /** The content with some fields fixed; fields that are null are left out. */
  private written(fixed: Partial<Record<EventField, string>>): WrittenContent {
    const sent = eventFields.filter((field) => !(field in fixed) && (this.value(field) ?? null) !== null);
    const names = sent.map((field) => [field, this.names.get(field)!] as const);
    const content = { ...fixed, ...Object.fromEntries(sent.map((field) => [field, this.value(field)])) } as unknown as EventContent;
    return {
      content,
      text: withFixed(this.object.write(names), fixed),
      canonicalText: withFixed(this.object.writeSorted(names), fixed),
    };
  }
}

/** The text of an object with some fields more. */
function withFixed(text: string, fixed: Partial<Record<EventField, string>>): string {
  const more = JSON.stringify(fixed);
  if (more === '{}') return text;
  return text === '{}' ? more : `${text.slice(0, -1)},${more.slice(1)}`;
}
