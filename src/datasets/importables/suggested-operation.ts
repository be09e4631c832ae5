import type { LastOutcome } from '../dataset-sources.js';

/** What to do with an importable file; `-` where nothing, or nothing certain, can be said. */
export const suggestedOperations = ['-', 'ADD', 'CHANGE', 'PATCH_METADATA'] as const;
export type SuggestedOperation = (typeof suggestedOperations)[number];

/** What decides it. */
export interface SuggestionFacts {
  readonly hasData: boolean;
  /** A queued or running job has the dataset. */
  readonly isBusy: boolean;
  /** How the last job of the dataset ended; null when there was none. */
  readonly outcome: LastOutcome | null;
}

/**
 * The operation that imports a file as it lies there. A dataset with an active job gets none. A file with data is a CHANGE where the datastore holds the
 * dataset, and an ADD where it does not; one with metadata alone is a PATCH_METADATA where the datastore holds the dataset, and of no use where it does not.
 */
export function suggestOperation({ hasData, isBusy, outcome }: SuggestionFacts): SuggestedOperation {
  const held = isHeld(outcome);
  if (isBusy || held === 'unknown') return '-';
  if (hasData) return held ? 'CHANGE' : 'ADD';
  return held ? 'PATCH_METADATA' : '-';
}

const actionsThatNeedIt = new Set(['CHANGE', 'PATCH_METADATA', 'SET_STATUS', 'REMOVE', 'ROLLBACK_REMOVE', 'RELEASED']);

/**
 * Whether the datastore holds a dataset, by the last that happened to it. A job that ended without success changed nothing, but one other than ADD presupposed
 * that the dataset is there. After DELETE_DRAFT and DELETE_ARCHIVE it depends on what was before, which is not known.
 */
function isHeld(outcome: LastOutcome | null): boolean | 'unknown' {
  const action = outcome?.action[0];
  if (action === undefined || action === 'REMOVED') return false;
  if (action === 'ADD') return outcome?.status === 'completed';
  return actionsThatNeedIt.has(action) ? true : 'unknown';
}
