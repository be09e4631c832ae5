import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AppError } from '../errors/app-error.js';
import { CompatError } from './compat-error.js';
import { surfaceOf } from './error-surfaces.js';
import { type ErrorTranslator, toAppError } from './framework-errors.js';
import { pathOf } from './request-path.js';
import { statusOf } from './status.js';

/** The name under which the list of error translators is injected. */
export const ERROR_TRANSLATORS = Symbol('error translators');

/** The one place that turns errors into answers, in the envelope of the surface that was called. */
@Catch()
@Injectable()
export class ErrorFilter implements ExceptionFilter {
  constructor(@Inject(ERROR_TRANSLATORS) private readonly translators: readonly ErrorTranslator[]) {}

  catch(error: unknown, host: ArgumentsHost): void {
    this.answer(error, host.switchToHttp().getRequest(), host.switchToHttp().getResponse());
  }

  /** Also used where no controller was reached, such as for a malformed address. */
  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    if (reply.raw.headersSent) {
      reply.raw.destroy(); // a list that broke in the middle must not look whole
      return;
    }
    const surface = surfaceOf(request);
    if (error instanceof CompatError) {
      this.send(reply, {
        status: error.status,
        headers: error.headers,
        mediaType: surface.mediaType,
        body: surface.bodyOfText(error.message),
      });
      return;
    }
    const known = toAppError(error, pathOf(request), this.translators);
    this.log(known, request);
    const body = surface.bodyOf(known, pathOf(request), request.id);
    this.send(reply, { status: statusOf(known.kind), headers: headersOf(known), mediaType: surface.mediaType, body });
  }

  private send(
    reply: FastifyReply,
    answer: { status: number; headers: Readonly<Record<string, string>>; mediaType: string; body: unknown },
  ): void {
    void reply
      .status(answer.status)
      .headers(answer.headers)
      .header('content-type', answer.mediaType)
      .send(Buffer.from(JSON.stringify(answer.body)));
  }

  private log(error: AppError, request: FastifyRequest): void {
    const fields = { 'error.code': error.code };
    if (error.kind === 'unexpected') request.log.error({ ...fields, err: error.cause }, 'request failed unexpectedly');
    else if (error.kind === 'unavailable') request.log.warn({ ...fields, err: error.cause }, error.message);
    else request.log.debug(fields, error.message);
  }
}

function headersOf(error: AppError): Record<string, string> {
  return error.retryAfterSeconds === undefined
    ? { ...error.headers }
    : { ...error.headers, 'Retry-After': String(error.retryAfterSeconds) };
}
