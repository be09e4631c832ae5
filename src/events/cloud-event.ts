import { publicType } from './event-types.js';
import type { StoredEvent } from './events.schema.js';
import { identityOf } from './events.store.js';

/** An event as it leaves the service. @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md */
export interface CloudEvent {
  readonly specversion: '1.0';
  /** `<documentId>:<version>`; the same however often the event is delivered. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** Place in the order of all events. */
  readonly seq: number;
  readonly traceparent: string | null;
  /** The history entry of the change, and what its feature says of the object. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Subjects are relative to it. */
const source = '/api/v1';

/** A stored event as CloudEvents JSON. */
export function cloudEventOf(event: StoredEvent): CloudEvent {
  const { version, at, from, to, changes, actor, reason, requestId } = event;
  const type = publicType(event.type);
  const entry = { version, at: at.toISOString(), type, from, to, changes, actor, reason, requestId };
  return {
    specversion: '1.0',
    id: identityOf(event),
    source,
    type,
    subject: event.subject,
    time: at.toISOString(),
    datacontenttype: 'application/json',
    seq: event.seq,
    traceparent: event.traceparent ?? null,
    data: { ...event.data, ...entry },
  };
}
