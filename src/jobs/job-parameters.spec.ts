import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { JobParametersInvalidError } from './jobs.errors.js';
import { referenceOperations } from '../common/operations.js';
import { keptParameters, missingParameters, parametersFor, releaseStatuses } from './job-parameters.js';

const manifesto = {
  version: '2.1.0.0',
  description: 'Second',
  releaseTime: 1_749_629_730,
  languageCode: 'no',
  updateType: null,
  dataStructureUpdates: [{ name: 'A', description: 'about A', operation: 'ADD', releaseStatus: 'PENDING_RELEASE' }],
};
const bump = { description: 'Second', bumpManifesto: manifesto, bumpFromVersion: '2.0.0', bumpToVersion: '2.1.0' };

/** Parameters that each operation takes, and the dataset. */
const whole: Record<string, readonly [string, object]> = {
  ...Object.fromEntries(referenceOperations.map((operation) => [operation, ['A', {}]])),
  SET_STATUS: ['A', { releaseStatus: 'DRAFT' }],
  REMOVE: ['A', { description: 'old' }],
  BUMP: ['DATASTORE', bump],
};

const refusal = (operation: string, dataset: string, input?: object): string => {
  try {
    parametersFor(operation, dataset, input);
  } catch (error) {
    if (error instanceof JobParametersInvalidError) return error.message;
    throw error;
  }
  return 'taken';
};

describe('the parameters of the nine operations', () => {
  it.each(Object.entries(whole))('%s takes its own, whole', (operation, [dataset, input]) => {
    expect(parametersFor(operation, dataset, input)).toEqual({ parameters: input, extraParameters: null });
  });

  it.each(Object.entries(whole))('%s takes no others', (operation, [dataset, input]) => {
    for (const foreign of [{ unknown: 1 }, { constructor: 'x' }, { toString: 'x' }])
      expect(refusal(operation, dataset, { ...input, ...foreign })).not.toBe('taken');
    const others = { ...bump, releaseStatus: 'DRAFT' };
    const foreign = Object.entries(others).find(([name]) => !(name in input))!;
    expect(refusal(operation, dataset, { ...input, [foreign[0]]: foreign[1] })).toMatch(/does not take/);
  });

  it.each(Object.entries(whole))('%s misses none', (operation, [dataset, input]) => {
    for (const name of Object.keys(input)) {
      const others = Object.fromEntries(Object.entries(input).filter(([each]) => each !== name));
      expect(refusal(operation, dataset, others)).toMatch(/^Must provide a /);
      expect(refusal(operation, dataset, { ...input, [name]: null })).toMatch(/^Must provide a /);
    }
  });

  it('have the types that the original asks for', () => {
    expect(refusal('REMOVE', 'A', { description: 7 })).toMatch(/valid string/);
    expect(refusal('SET_STATUS', 'A', { releaseStatus: 'RELEASED' })).toMatch(/must be one of DRAFT/);
    expect(refusal('BUMP', 'A', bump)).toMatch(/must be DATASTORE/);
    expect(refusal('BUMP', 'DATASTORE', { ...bump, bumpManifesto: { ...manifesto, version: undefined } })).not.toBe('taken');
    for (const releaseStatus of releaseStatuses) expect(refusal('SET_STATUS', 'A', { releaseStatus })).toBe('taken');
  });

  it('are kept without anything else', () => {
    const offered = { ...bump, releaseStatus: 'DRAFT' } as never;
    expect(keptParameters('ADD', offered)).toEqual({});
    expect(keptParameters('SET_STATUS', offered)).toEqual({ releaseStatus: 'DRAFT' });
    expect(missingParameters('BUMP', { description: 'x' })).toMatch(/bumpManifesto, bumpFromVersion and bumpToVersion/);
    expect(missingParameters('BUMP', offered)).toBeUndefined();
  });
});

describe('the parameters of another operation', () => {
  it('are any object, kept as it is', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 }), (input) => {
        const { parameters, extraParameters } = parametersFor('REINDEX', 'A', input);
        expect(parameters).toEqual({});
        expect(extraParameters).toBe(JSON.stringify(input));
      }),
    );
    expect(parametersFor('REINDEX', 'A', undefined).extraParameters).toBe('{}');
  });

  it('have at most 16 KiB', () => {
    const bytes = (count: number): object => ({ a: 'x'.repeat(count - '{"a":""}'.length) });
    expect(refusal('REINDEX', 'A', bytes(16_384))).toBe('taken');
    expect(refusal('REINDEX', 'A', bytes(16_385))).toMatch(/16 KiB/);
    expect(refusal('REINDEX', 'A', { a: 'å'.repeat(8_200) })).toMatch(/16 KiB/);
  });
});
