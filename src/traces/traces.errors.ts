import { AppError, defineError } from '../common/errors/app-error.js';

const notFound = defineError({
  code: 'TRACES.NOT_FOUND',
  kind: 'not-found',
  title: 'No such trace',
  cause: 'No trace has this id, or it was deleted after its retention time.',
  cure: 'List the traces of the dataset with `GET /api/v1/traces?dataset=NAME`.',
});

/** Thrown when no trace has the id. */
export class TraceNotFoundError extends AppError {
  constructor(traceId: string) {
    super(notFound, `No trace has the id ${traceId}.`);
  }
}

const eventInvalid = defineError({
  code: 'TRACES.EVENT_INVALID',
  kind: 'invalid',
  title: 'Trace event is not valid',
  cause: 'A field that every event of a trace has is missing, or has a value of the wrong kind.',
  cure: 'Send the field that the message names; the description of the route lists all of them.',
});

/** Thrown when an event lacks a field, or has a value of the wrong kind in one. */
export class TraceEventInvalidError extends AppError {
  constructor(message: string, field?: string) {
    super(eventInvalid, message, { errors: field === undefined ? [] : [{ pointer: `/${field}`, code: 'event', message }] });
  }
}

const accessDenied = defineError({
  code: 'TRACES.ACCESS_DENIED',
  kind: 'forbidden',
  title: 'Access denied',
  cause: 'The token may not write the dataset that owns the trace, or the trace is about no dataset.',
  cure: 'Use a token with write permission on the dataset, or one of a service account that may write all.',
});

/** Thrown when the caller may not write the dataset of a trace. */
export class TraceAccessDeniedError extends AppError {
  constructor() {
    super(accessDenied, 'Access denied');
  }
}

const notStored = defineError({
  code: 'TRACES.NOT_STORED',
  kind: 'unexpected',
  title: 'Trace was not stored',
  cause: 'A fault in the service or its database kept a new trace from being stored.',
  cure: 'Report it with the request id, which finds the log line.',
});

/** Thrown when a new trace cannot be stored, for a reason that lies in the service; the text is that of the original. */
export class TraceNotStoredError extends AppError {
  constructor(domainId: string, cause: unknown) {
    super(notStored, `Could not create status: Unable to create new trace for ${domainId}`, { cause });
  }
}
