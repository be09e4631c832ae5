import { type ArgumentMetadata, ValidationPipe } from '@nestjs/common';
import { getMetadataStorage, type ValidationError } from 'class-validator';
import type { ErrorItem } from '../errors/app-error.js';
import { RequestInvalidError } from '../errors/request.errors.js';
import { takeOutReserved } from './free-object.js';

/** Property names that a DTO class knows, in alphabetical order. */
function knownNamesOf(target: object | undefined): string[] {
  if (!target) return [];
  const metadata = getMetadataStorage().getTargetValidationMetadatas(target.constructor, '', false, false);
  return [...new Set(metadata.map((item) => item.propertyName))].sort();
}

function itemsOf(error: ValidationError, base: string): ErrorItem[] {
  const pointer = `${base}/${error.property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const own = Object.entries(error.constraints ?? {}).map(([code, message]) =>
    code === 'whitelistValidation'
      ? { pointer, code: 'unknown', message: `${error.property} is not known here; known: ${knownNamesOf(error.target).join(', ')}` }
      : { pointer, code, message },
  );
  return [...own, ...(error.children ?? []).flatMap((child) => itemsOf(child, pointer))];
}

/** The 400 of a request that a DTO refuses: one item for each offending place, unknown names with the list of known ones. */
function requestInvalid(errors: readonly ValidationError[]): RequestInvalidError {
  const items = errors.flatMap((error) => itemsOf(error, ''));
  return new RequestInvalidError(
    items
      .map((item) => item.message)
      .slice(0, 5)
      .join('; '),
    items,
  );
}

/** The transformation to a DTO drops these names before anything is validated, so they are refused before it. */
const droppedNames = [...Object.getOwnPropertyNames(Object.prototype), 'prototype'];

function refuseDroppedNames(value: unknown, { metatype, type }: ArgumentMetadata): void {
  if (typeof value !== 'object' || value === null || (type !== 'query' && type !== 'body')) return;
  const name = droppedNames.find((each) => Object.hasOwn(value, each));
  if (name === undefined) return;
  const known = knownNamesOf(metatype?.prototype as object | undefined);
  const message = `${name} is not known here; known: ${known.join(', ')}`;
  throw new RequestInvalidError(message, [{ pointer: `/${name}`, code: 'unknown', message }]);
}

/** Validates every DTO of the native API: unknown names are refused, nothing is converted that the DTO does not convert itself. */
class RequestValidationPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    try {
      if (this.toValidate(metadata)) refuseDroppedNames(value, metadata);
      return (await super.transform(value, metadata)) as unknown;
    } catch (error) {
      if (error instanceof RequestInvalidError && metadata.type === 'query') throw withQueryPointers(error);
      throw error;
    }
  }

  protected override stripProtoKeys(value: unknown): void {
    takeOutReserved(value);
  }
}

/** Names of query parameters are no JSON pointers: `?name`. */
const withQueryPointers = (error: RequestInvalidError): RequestInvalidError =>
  new RequestInvalidError(
    error.message,
    error.errors.map((item) => ({ ...item, pointer: item.pointer.replace(/^\//, '?') })),
  );

/** The validation of every request. */
export const createValidationPipe = (): ValidationPipe =>
  new RequestValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: true, value: false },
    exceptionFactory: requestInvalid,
  });
