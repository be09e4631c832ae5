import type { FastifyRequest } from 'fastify';
import type { AppError } from '../errors/app-error.js';
import { EncodedBodyError } from '../errors/request.errors.js';
import { problemMediaType, problemOf } from './problem.js';
import { placeOf } from './request-path.js';

/** How the paths below some prefixes answer errors. */
export interface ErrorSurface {
  /** `/` fits every path. */
  readonly prefixes: readonly string[];
  readonly mediaType: string;
  /** True when pages of any origin may call and read it, without credentials of the browser. */
  readonly crossOrigin: boolean;
  /** The body for an expected error. */
  bodyOf(error: AppError, path: string, requestId: string): unknown;
  /** The body for a status and text that a compat controller chose itself. */
  bodyOfText(text: string): unknown;
}

/** Native API and pages: RFC 9457 problem documents. */
const nativeSurface: ErrorSurface = {
  prefixes: ['/api/', '/docs/'],
  mediaType: problemMediaType,
  crossOrigin: false,
  bodyOf: problemOf,
  bodyOfText: (text) => ({ detail: text }),
};

const flaskTexts: Record<string, string> = {
  'REQUEST.ROUTE_UNKNOWN':
    'The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.',
  'REQUEST.METHOD_NOT_ALLOWED': 'The method is not allowed for the requested URL.',
  'REQUEST.MEDIA_TYPE': "Did not attempt to load JSON data because the request Content-Type was not 'application/json'.",
  'REQUEST.MALFORMED_JSON': 'The browser (or proxy) sent a request that this server could not understand.',
  'SERVICE.UNEXPECTED': 'Internal Server Error',
};

/** What the original would have said; it read compressed bodies as they were, so that for them there is no text of its own. */
const flaskTextOf = (error: AppError): string | undefined => (error instanceof EncodedBodyError ? undefined : flaskTexts[error.code]);

/**
 * The job service's envelope, and so that of every path nobody else owns.
 * @see contracts/jobs.md 1
 */
const jobServiceSurface: ErrorSurface = {
  prefixes: ['/'],
  mediaType: 'application/json',
  crossOrigin: false,
  bodyOf: (error) => ({ message: flaskTextOf(error) ?? error.message }),
  bodyOfText: (text) => ({ message: text }),
};

/**
 * The trace service's envelope. Its clients print `message`, and crash on anything else.
 * @see contracts/traces.md 1, 4.6
 */
const traceSurface: ErrorSurface = {
  prefixes: ['/status'],
  mediaType: 'application/json',
  crossOrigin: true,
  bodyOf: (error) => ({ message: error.message }),
  bodyOfText: (text) => ({ message: text }),
};

const surfaces = [nativeSurface, traceSurface, jobServiceSurface];

/** The surface of a request: the first with a fitting prefix. */
export function surfaceOf(request: FastifyRequest): ErrorSurface {
  const place = placeOf(request);
  return surfaces.find((surface) => surface.prefixes.some((prefix) => place.startsWith(prefix))) ?? jobServiceSurface;
}
