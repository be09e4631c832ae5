import { AppError, defineError } from '../../common/errors/app-error.js';

const matchChanged = defineError({
  code: 'BULK.MATCH_CHANGED',
  kind: 'conflict',
  title: 'Filter matches another number of jobs',
  cause: 'A bulk request with a filter must say how many jobs it expects, and the filter matches another number now.',
  cure: 'Send the request with `dryRun: true`, look at what matches, and repeat it with `matched` as `expectedCount`.',
});

/** Thrown when a bulk request's filter does not match as many jobs as it says, or when it says no number. */
export class MatchChangedError extends AppError {
  constructor(matched: number, expectedCount: number | undefined) {
    const expected = expectedCount === undefined ? 'no expectedCount was sent' : `${expectedCount} were expected`;
    super(matchChanged, `The filter matches ${matched} jobs; ${expected}.`, { details: { matched } });
  }
}
