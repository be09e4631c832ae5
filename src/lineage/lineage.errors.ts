import { AppError, defineError, type ErrorItem } from '../common/errors/app-error.js';

const nodeNotFound = defineError({
  code: 'TRACES.NODE_NOT_FOUND',
  kind: 'not-found',
  title: 'Nothing is known of this node',
  cause:
    'No step of a trace, a job or an OpenLineage run has read or written it, or is it; or it was told of a moment ago and is not in the graph yet.',
  cure: 'Compare its spelling with the event that names it: `dataset:NAME@VERSION`, `file:PATH`, `run:UUID`, `trace:ID`, `job:ID`.',
});

/** Thrown when the start of a walk is a node that no step touches. */
export class LineageNodeNotFoundError extends AppError {
  constructor(node: string) {
    super(nodeNotFound, `No step is known that touches ${node}.`);
  }
}

const eventInvalid = defineError({
  code: 'LINEAGE.EVENT_INVALID',
  kind: 'invalid',
  title: 'Not an OpenLineage event',
  cause: 'The body does not have the form that the published JSON schema of OpenLineage 2-0-2 asks of a run, job or dataset event.',
  cure: 'Correct the places named in `errors`; unknown facets are welcome if they carry `_producer` and `_schemaURL`.',
});

/** Thrown when an event does not fit the schema of OpenLineage. */
export class LineageEventInvalidError extends AppError {
  constructor(errors: readonly ErrorItem[]) {
    super(eventInvalid, `This is not an OpenLineage 2-0-2 event: ${errors[0]?.message ?? 'it has no known form'}.`, { errors });
  }
}
