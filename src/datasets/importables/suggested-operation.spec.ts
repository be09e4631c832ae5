import { describe, expect, it } from '@jest/globals';
import { suggestOperation } from './suggested-operation.js';

const ended = (status: string, ...action: string[]) => ({ status, action, jobId: 'j', at: new Date(0) });

describe('the suggested operation', () => {
  it.each([
    ['a new name', null, 'ADD', '-'],
    ['an ADD that went well', ended('completed', 'ADD'), 'CHANGE', 'PATCH_METADATA'],
    ['an ADD that failed', ended('failed', 'ADD'), 'ADD', '-'],
    ['an ADD that was cancelled', ended('cancelled', 'ADD'), 'ADD', '-'],
    ['a CHANGE that failed', ended('failed', 'CHANGE'), 'CHANGE', 'PATCH_METADATA'],
    ['a release', ended('completed', 'RELEASED', '1.0.0'), 'CHANGE', 'PATCH_METADATA'],
    ['a removal from the datastore', ended('completed', 'REMOVED', '2.0.0'), 'ADD', '-'],
    ['a deleted draft', ended('completed', 'DELETE_DRAFT'), '-', '-'],
    ['an operation of its own kind', ended('completed', 'REINDEX'), '-', '-'],
  ])('after %s depends on the data', (_what, outcome, withData, withoutData) => {
    expect(suggestOperation({ hasData: true, isBusy: false, outcome })).toBe(withData);
    expect(suggestOperation({ hasData: false, isBusy: false, outcome })).toBe(withoutData);
  });

  it('is none while a job has the dataset', () => {
    expect(suggestOperation({ hasData: true, isBusy: true, outcome: null })).toBe('-');
  });
});
