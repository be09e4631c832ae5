import { HttpException } from '@nestjs/common';
import { AppError } from '../errors/app-error.js';
import {
  FileChangedError,
  HeadersTooLargeError,
  MalformedJsonError,
  MediaTypeError,
  RangeUnfitError,
  RequestInvalidError,
  RequestTimedOutError,
  RequestTooLargeError,
  RouteUnknownError,
} from '../errors/request.errors.js';
import { ServiceStoppingError, ServiceUnavailableError, UnexpectedError } from '../errors/service.errors.js';

/** Turns errors of one layer, such as the database driver's, into expected ones; undefined when it does not know the error. */
export type ErrorTranslator = (error: unknown) => AppError | undefined;

const byFastifyCode: Record<string, (error: Error) => AppError> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => new RequestTooLargeError(),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => new MediaTypeError(),
  FST_ERR_CTP_EMPTY_TYPE: () => new MediaTypeError(),
  FST_ERR_CTP_INVALID_TYPE: () => new MediaTypeError(),
  FST_ERR_CTP_EMPTY_JSON_BODY: (error) => new MalformedJsonError(error),
  FST_ERR_CTP_INVALID_JSON_BODY: (error) => new MalformedJsonError(error),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => new RequestInvalidError('The body is not as long as Content-Length says.'),
  FST_ERR_BAD_URL: () => new RequestInvalidError('The path is not correctly percent-encoded.'),
  FST_ERR_MAX_PARAM_LENGTH: () => new RouteUnknownError('a path with so long a segment'),
  FST_ERR_INSTANCE_ALREADY_CLOSED: () => new ServiceStoppingError(),
};

const byStatus: Record<number, (error: Error, path: string) => AppError> = {
  400: (error) => new MalformedJsonError(error),
  403: (_error, path) => new RouteUnknownError(path), // files: a name that leads out of the folder
  404: (_error, path) => new RouteUnknownError(path),
  408: () => new RequestTimedOutError(),
  412: () => new FileChangedError(),
  413: () => new RequestTooLargeError(),
  415: () => new MediaTypeError(),
  416: () => new RangeUnfitError(),
  431: () => new HeadersTooLargeError('The request headers are too large.'),
  503: (error) => new ServiceUnavailableError(undefined, error),
};

/** What an error of the web framework means to the caller; undefined when it is none. */
function frameworkError(error: unknown, path: string): AppError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, statusCode } = error as Error & { code?: string; statusCode?: number };
  if (code && byFastifyCode[code]) return byFastifyCode[code](error);
  const status = error instanceof HttpException ? error.getStatus() : statusCode;
  return status === undefined ? undefined : byStatus[status]?.(error, path);
}

/** Every error as an expected one: what nobody knows becomes SERVICE.UNEXPECTED with the error as its cause. */
export function toAppError(error: unknown, path: string, translators: readonly ErrorTranslator[]): AppError {
  if (error instanceof AppError) return error;
  for (const translate of translators) {
    const known = translate(error);
    if (known) return known;
  }
  return frameworkError(error, path) ?? new UnexpectedError(error);
}
