import { randomUUID } from 'node:crypto';

/** A trace id doubles as the name of an execution, which may have 80 characters; 37 of them are the UUID and its hyphen. */
const maxNameCharacters = 43;

/** A new trace id: the dataset's name, cut so that the UUID behind it stays whole. @see contracts/traces.md 3.2 */
export const newTraceId = (datasetName: string): string => `${[...datasetName].slice(0, maxNameCharacters).join('')}-${randomUUID()}`;

/** The UUID at the end of a trace id; null where there is none. */
export const uuidInTraceId = (traceId: string): string | null =>
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.exec(traceId)?.[0] ?? null;
