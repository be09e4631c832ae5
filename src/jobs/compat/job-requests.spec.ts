import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CompatError } from '../../common/http/compat-error.js';
import { referenceOperations } from '../../common/operations.js';
import { compatStatuses } from '../jobs-lifecycle.js';
import { readJobsQuery, readNewJobs, readStatusReport } from './job-requests.js';

/** Any JSON, and objects that have the right names with any values. */
const bodies = (names: readonly string[], likely: fc.Arbitrary<unknown>) =>
  fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...names, '__proto__', '$ne', 'more'), fc.oneof(likely, fc.jsonValue())));

/** The outcome of reading; anything but an answer or a 400 of the contract fails the test. */
function outcomeOf<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    expect(error).toBeInstanceOf(CompatError);
    expect((error as CompatError).status).toBe(400);
    return null;
  }
}

const words = fc.constantFrom<unknown>(...compatStatuses, 'running', 'QUEUED', '');

describe('readJobsQuery', () => {
  it('gives a known filter or a 400, whatever the query', () => {
    const value = fc.oneof(words, fc.constantFrom('ADD', 'ADD,CHANGE', 'GENERATE_RSA_KEYS', ',', 'yes', '0', 'true'), fc.string());
    const queries = fc.dictionary(
      fc.constantFrom('status', 'operation', 'ignoreCompleted', 'other', '__proto__'),
      fc.oneof(value, fc.array(value)),
    );
    const property = fc.property(queries, (query) => {
      const filter = outcomeOf(() => readJobsQuery(query));
      if (!filter) return;
      expect([undefined, ...compatStatuses]).toContain(filter.status);
      for (const operation of filter.operations) expect([...referenceOperations, 'GENERATE_RSA_KEYS']).toContain(operation);
      expect(typeof filter.ignoreCompleted).toBe('boolean');
    });
    fc.assert(property, { numRuns: 1_000 });
  });

  it('takes the first of a repeated name, and an empty operation for all', () => {
    expect(readJobsQuery({ status: ['queued', 'nothing'], operation: '' })).toEqual({
      status: 'queued',
      operations: [],
      ignoreCompleted: false,
    });
  });
});

describe('readStatusReport', () => {
  it('gives a report that says something or a 400, whatever the body', () => {
    const property = fc.property(bodies(['status', 'description', 'log'], words), (body) => {
      const report = outcomeOf(() => readStatusReport(body));
      if (report) expect(Object.values(report).some((value) => typeof value === 'string')).toBe(true);
    });
    fc.assert(property, { numRuns: 1_000 });
  });
});

describe('readNewJobs', () => {
  const item = bodies(
    ['operation', 'target', 'releaseStatus', 'description', 'bumpManifesto'],
    fc.constantFrom('ADD', 'REMOVE', 'SET_STATUS', 'DRAFT'),
  );

  it('gives jobs that may be created or a 400, whatever the body', () => {
    const property = fc.property(fc.oneof(fc.jsonValue(), fc.record({ jobs: fc.array(item, { maxLength: 3 }) })), (body) => {
      const jobs = outcomeOf(() => readNewJobs(body));
      for (const job of jobs ?? []) {
        expect(referenceOperations).toContain(job.operation);
        expect(job.target.length).toBeGreaterThan(0);
      }
    });
    fc.assert(property, { numRuns: 1_000 });
  });

  it('keeps a target of an operator name as the text that it is', () => {
    expect(readNewJobs({ jobs: [{ operation: 'ADD', target: '$where' }] })).toMatchObject([{ target: '$where' }]);
    expect(() => readNewJobs({ jobs: [{ operation: 'ADD', target: { $ne: null } }] })).toThrow(CompatError);
  });
});
