import mongoose from 'mongoose';
import type { AppError } from '../common/errors/app-error.js';
import { TooBroadError } from '../common/errors/request.errors.js';
import { ServiceUnavailableError } from '../common/errors/service.errors.js';

const { MongoError, MongoServerError, MongoServerSelectionError, MongoNetworkError } = mongoose.mongo;

/** The fields of the unique index that an insert met, such as `['datasetName']`; undefined when the error is another. */
export function duplicateKeyOf(error: unknown): readonly string[] | undefined {
  if (!(error instanceof MongoServerError) || error.code !== 11000) return undefined;
  return Object.keys((error as { keyPattern?: object }).keyPattern ?? {});
}

const maxTimeExpired = 50;
const unknownOutcomeCodes = new Set([64, 91, 11600, 11602, 189, 10107, 13435, maxTimeExpired]);

/** The driver lets some errors of its sockets through as they are: a write just after the server's end is one. */
const socketErrorCodes = new Set([
  'EPIPE',
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'ETIMEDOUT',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
]);
const isSocketError = (error: unknown): boolean =>
  error instanceof Error && socketErrorCodes.has(String((error as NodeJS.ErrnoException).code));

/** True when the server stopped an operation at its `maxTimeMS`. */
const ranOutOfTime = (error: unknown): boolean => error instanceof MongoServerError && error.code === maxTimeExpired;

/**
 * Runs a read whose breadth the caller decides.
 * @throws TooBroadError when the server stopped it at its `maxTimeMS`
 */
export async function unlessTooBroad<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw ranOutOfTime(error) ? new TooBroadError(error) : error;
  }
}

const badValue = 2;

/** True when an operation named an index that is not there: it then did nothing. */
export const indexMissing = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === badValue && error.message.includes('hint provided does not correspond');

/** Runs an operation along an index; where that is missing, again as the server thinks best, which is slower. */
export async function alongIndex<T>(name: string, run: (hint: { hint?: string }) => Promise<T>): Promise<T> {
  try {
    return await run({ hint: name });
  } catch (error) {
    if (indexMissing(error)) return run({});
    throw error;
  }
}

/**
 * True when the database did not answer, or not in time: the outcome of a write is then unknown, and the caller is asked to try again.
 * @see MONGODB.md 2, "Unknown results"
 */
export function databaseAway(error: unknown): boolean {
  if (error instanceof mongoose.MongooseError && /initial connection|not connected|buffering|disconnected/i.test(error.message))
    return true;
  if (!(error instanceof MongoError)) return isSocketError(error);
  return (
    error instanceof MongoServerSelectionError ||
    error instanceof MongoNetworkError ||
    /WaitQueueTimeout|NotConnected|TopologyClosed|PoolCleared|ConnectionPool|PoolClosed|ClientClosed|ExpiredSession/.test(error.name) ||
    error.hasErrorLabel('TransientTransactionError') ||
    error.hasErrorLabel('UnknownTransactionCommitResult') ||
    error.hasErrorLabel('RetryableWriteError') ||
    (error instanceof MongoServerError && unknownOutcomeCodes.has(Number(error.code)))
  );
}

/** Database errors as expected ones, for the error filter. */
export function translateMongoError(error: unknown): AppError | undefined {
  if (databaseAway(error)) return new ServiceUnavailableError('The database does not answer now, or not in time. Try again.', error);
  return undefined;
}
