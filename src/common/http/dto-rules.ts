import { ValidateBy, type ValidationOptions } from 'class-validator';
import { datasetNameFault } from '../names.js';

const instantForm = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** True for an instant of RFC 3339 on a day that exists. */
function isInstant(value: unknown): boolean {
  const day = typeof value === 'string' ? instantForm.exec(value)?.[1] : undefined;
  if (day === undefined) return false;
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
}

/** An RFC 3339 instant with a zone. */
export const IsInstant = (): PropertyDecorator =>
  ValidateBy({
    name: 'isInstant',
    validator: {
      validate: isInstant,
      defaultMessage: () => '$property must be an RFC 3339 instant with a zone, such as 2026-01-31T18:00:00Z',
    },
  });

/** A dataset name: 1-255 characters in NFC, without control or bidirectional characters and outer spaces. */
export const IsDatasetName = (options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isDatasetName',
      validator: {
        validate: (value) => typeof value === 'string' && datasetNameFault(value) === undefined,
        defaultMessage: (args) =>
          typeof args?.value === 'string' ? `$property ${datasetNameFault(args.value)}` : '$property must be a string',
      },
    },
    options,
  );

/** At least one visible character, with no control characters but line ends and tabs. */
export const readableText = /^(?=[\s\S]*\S)(?:[^\p{Cc}\p{Cs}]|[\n\r\t])*$/u;
export const readableMessage = { message: '$property must be readable text without control characters' };

/** A plain JSON object, not an array. */
export const IsPlainObject = (): PropertyDecorator =>
  ValidateBy({
    name: 'isPlainObject',
    validator: {
      validate: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      defaultMessage: () => '$property must be an object',
    },
  });
