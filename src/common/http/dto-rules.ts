import { ValidateBy, type ValidationOptions } from 'class-validator';
import { datasetNameFault } from '../names.js';

const instantForm = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** The years that answers, which are in UTC, can show. */
const firstInstant = Date.parse('0001-01-01T00:00:00Z');
const lastInstant = Date.parse('9999-12-31T23:59:59.999Z');

/** True for an instant of RFC 3339 on a day that exists, in the years 0001 to 9999 also in UTC. */
function isInstant(value: unknown): boolean {
  const day = typeof value === 'string' ? instantForm.exec(value)?.[1] : undefined;
  if (day === undefined) return false;
  const midnight = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day)) return false;
  const instant = Date.parse(value as string);
  return instant >= firstInstant && instant <= lastInstant;
}

/** An RFC 3339 instant with a zone, in the years 0001 to 9999 of UTC. */
export const IsInstant = (): PropertyDecorator =>
  ValidateBy({
    name: 'isInstant',
    validator: {
      validate: isInstant,
      defaultMessage: () => '$property must be an RFC 3339 instant with a zone in the years 0001 to 9999, such as 2026-01-31T18:00:00Z',
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
