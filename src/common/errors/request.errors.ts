import { AppError, defineError, type ErrorItem } from './app-error.js';

const invalid = defineError({
  code: 'REQUEST.INVALID',
  kind: 'invalid',
  title: 'Request is not valid',
  cause: 'A field of the body, a query parameter, a path parameter or a header has a wrong value, or a name that is not known here.',
  cure: 'Correct the places named in `errors`; the message of an unknown name lists the known ones.',
});

/** Thrown when a request is well formed but a value or a name in it is not accepted. */
export class RequestInvalidError extends AppError {
  constructor(message: string, errors: readonly ErrorItem[] = []) {
    super(invalid, message, { errors });
  }
}

const malformedJson = defineError({
  code: 'REQUEST.MALFORMED_JSON',
  kind: 'invalid',
  title: 'Body is not JSON',
  cause: 'The body could not be parsed as JSON, is empty, or holds a key such as `__proto__` that no parser here accepts.',
  cure: 'Send one JSON object in UTF-8.',
});

/** Thrown when the body cannot be parsed as JSON. */
export class MalformedJsonError extends AppError {
  constructor(cause?: unknown) {
    super(malformedJson, 'The body is not valid JSON.', { cause });
  }
}

const cursorInvalid = defineError({
  code: 'REQUEST.CURSOR_INVALID',
  kind: 'invalid',
  title: 'Cursor does not fit this list',
  cause: 'The cursor was cut or changed, or it was made for another list, filter or sort.',
  cure: 'Start again without `cursor`, and repeat filter and sort unchanged on every page.',
});

/** Thrown when a list cursor is damaged or belongs to another list, filter or sort. */
export class CursorInvalidError extends AppError {
  constructor() {
    super(cursorInvalid, 'The cursor does not belong to this list with this filter and sort.');
  }
}

const routeUnknown = defineError({
  code: 'REQUEST.ROUTE_UNKNOWN',
  kind: 'not-found',
  title: 'No such path',
  cause: 'Nothing is served at this path.',
  cure: 'Compare the path with `/api/openapi.json`; there are no trailing slashes.',
});

/** Thrown when no route has the requested path. */
export class RouteUnknownError extends AppError {
  constructor(path: string) {
    super(routeUnknown, `Nothing is served at ${path}.`);
  }
}

const methodNotAllowed = defineError({
  code: 'REQUEST.METHOD_NOT_ALLOWED',
  kind: 'method-not-allowed',
  title: 'Method not allowed',
  cause: 'The path exists, but not for this method.',
  cure: 'Use one of the methods in the `Allow` header.',
});

/** Thrown when a path is served for other methods only; `Allow` lists them. */
export class MethodNotAllowedError extends AppError {
  constructor(method: string, allowed: readonly string[]) {
    super(methodNotAllowed, `${method} is not allowed here; allowed: ${allowed.join(', ')}.`, { headers: { Allow: allowed.join(', ') } });
  }
}

const tooLarge = defineError({
  code: 'REQUEST.TOO_LARGE',
  kind: 'too-large',
  title: 'Request is too large',
  cause: 'The body, or a bulk request, is larger than the limit of this route.',
  cure: 'Send less at once; the limits stand in the description of the route.',
});

/** Thrown when a body is larger than its route takes. */
export class RequestTooLargeError extends AppError {
  constructor(message = 'The body is larger than this route takes.') {
    super(tooLarge, message);
  }
}

const mediaType = defineError({
  code: 'REQUEST.MEDIA_TYPE',
  kind: 'media-type',
  title: 'Media type not supported',
  cause: 'The `Content-Type` of the body is missing or not one that this route reads, or the body has a `Content-Encoding`.',
  cure: 'Send `Content-Type: application/json` and a body that is not compressed.',
});

/** Thrown when the body has a content type that the route does not read. */
export class MediaTypeError extends AppError {
  constructor(message = 'This route reads application/json.', headers: Readonly<Record<string, string>> = {}) {
    super(mediaType, message, { headers });
  }
}

/** Thrown when a body is compressed, which nothing here reads. */
export class EncodedBodyError extends MediaTypeError {
  constructor() {
    super('Bodies are read without Content-Encoding.', { 'Accept-Encoding': 'identity' });
  }
}

const range = defineError({
  code: 'REQUEST.RANGE',
  kind: 'range',
  title: 'Range does not fit',
  cause: 'The `Range` header names bytes that the file does not have.',
  cure: 'Ask for the whole file, without `Range`.',
});

/** Thrown when a file does not have the bytes that are asked for. */
export class RangeUnfitError extends AppError {
  constructor() {
    super(range, 'The file does not have this range of bytes.');
  }
}

const condition = defineError({
  code: 'REQUEST.PRECONDITION',
  kind: 'precondition-failed',
  title: 'File is not the one that was named',
  cause: 'The file is not the one, or is newer than the one, that `If-Match` or `If-Unmodified-Since` names.',
  cure: 'Ask for it without these headers.',
});

/** Thrown when a condition of the request does not hold for a file. */
export class FileChangedError extends AppError {
  constructor() {
    super(condition, 'The file is not the one that If-Match or If-Unmodified-Since names.');
  }
}

const headersTooLarge = defineError({
  code: 'REQUEST.HEADERS_TOO_LARGE',
  kind: 'headers-too-large',
  title: 'Headers are too large',
  cause: 'The request headers, or the bearer token in them, are larger than the limit.',
  cure: 'Send fewer or shorter headers; a token may have 8 KiB, all headers together 16 KiB.',
});

/** Thrown when a header is larger than its limit. */
export class HeadersTooLargeError extends AppError {
  constructor(message: string) {
    super(headersTooLarge, message);
  }
}

const timedOut = defineError({
  code: 'REQUEST.TIMED_OUT',
  kind: 'timed-out',
  title: 'Request was not received in time',
  cause: 'Headers or body arrived too slowly.',
  cure: 'Send the whole request within 30 seconds.',
  retryable: true,
});

/** Thrown when a client takes too long to send its request. */
export class RequestTimedOutError extends AppError {
  constructor() {
    super(timedOut, 'The request was not received in time.');
  }
}

const tooBroad = defineError({
  code: 'REQUEST.TOO_BROAD',
  kind: 'unavailable',
  title: 'Filter is too broad',
  cause: 'The database needed longer than the limit to find a page for this combination of filters.',
  cure: 'Narrow the filter, for example by `dataset`, `status` or a time range.',
  retryable: true,
});

/** Thrown when a list query runs into its time limit. */
export class TooBroadError extends AppError {
  constructor(cause?: unknown) {
    super(tooBroad, 'The query took too long; narrow the filter.', { cause, retryAfterSeconds: 5 });
  }
}
