import { AppError, defineError } from './app-error.js';

const failed = defineError({
  code: 'PRECONDITION.FAILED',
  kind: 'precondition-failed',
  title: 'Resource has changed',
  cause: 'The resource is no longer at the version that If-Match names: somebody changed it after you read it.',
  cure: 'Read it again, look at `changedBy`, decide again, and send the new ETag.',
});

/** Thrown when If-Match names another version than the stored one. */
export class PreconditionFailedError extends AppError {
  constructor(current: { status: string; version: number }, changedBy: { id: string; name: string } | null) {
    super(failed, `The resource is at version ${current.version} now.`, { details: { current, changedBy } });
  }
}

const required = defineError({
  code: 'PRECONDITION.REQUIRED',
  kind: 'precondition-required',
  title: 'If-Match is required',
  cause: 'This change needs the ETag of the version that you have seen, so that you cannot overwrite the change of somebody else.',
  cure: 'Send the `ETag` of the last GET as `If-Match`, or `If-Match: *` to change whatever is there.',
});

/** Thrown when a route requires If-Match and the request has none. */
export class PreconditionRequiredError extends AppError {
  constructor() {
    super(required, 'Send If-Match with the ETag that you read, or *.');
  }
}
