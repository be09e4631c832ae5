import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AnyOf } from '../common/http/any-of.js';
import { collectionsOf, conditionsOf, type JobFilter, withoutIdleStatus } from './job-filter.js';
import { finalStatuses, isFinal, jobPhases, jobStatuses, type JobStatus } from './jobs-lifecycle.js';

interface Candidate {
  readonly status: JobStatus;
  readonly phase: string | null;
  readonly operation: string;
  readonly tags: readonly string[];
}
type Simple = Pick<JobFilter, 'status' | 'phase' | 'operation' | 'tag'>;

const anyOf = <T extends string>(values: readonly T[]): fc.Arbitrary<AnyOf<T>> =>
  fc.record({ wanted: fc.subarray([...values], { maxLength: 3 }), refused: fc.subarray([...values], { maxLength: 2 }) });
const operations = ['ADD', 'CHANGE', 'REINDEX'];
const tags = ['a', 'b', 'c'];
const candidates: fc.Arbitrary<Candidate> = fc.record({
  status: fc.constantFrom(...jobStatuses),
  phase: fc.option(fc.constantFrom(...jobPhases)),
  operation: fc.constantFrom(...operations),
  tags: fc.subarray(tags),
});
const filters: fc.Arbitrary<Simple> = fc.record(
  { status: anyOf(jobStatuses), phase: anyOf(jobPhases), operation: anyOf(operations), tag: anyOf(tags) },
  { requiredKeys: [] },
);

/** What MongoDB makes of the few operators that these conditions use: arrays fit when one of their items does. */
function fits(candidate: Candidate, conditions: readonly Record<string, unknown>[]): boolean {
  return conditions.every((condition) =>
    Object.entries(condition).every(([field, test]) => {
      const values = [candidate[field as keyof Candidate]].flat() as unknown[];
      if (typeof test !== 'object' || test === null) return values.includes(test);
      const { $in, $nin } = test as { $in?: unknown[]; $nin?: unknown[] };
      return (!$in || $in.some((each) => values.includes(each))) && (!$nin || !$nin.some((each) => values.includes(each)));
    }),
  );
}

/** What the documentation says of a filter. */
function meant(candidate: Candidate, filter: Simple): boolean {
  const passes = (values: readonly (string | null)[], named: AnyOf | undefined) =>
    !named ||
    ((named.wanted.length === 0 || named.wanted.some((each) => values.includes(each))) &&
      !named.refused.some((each) => values.includes(each)));
  const { status, phase, operation } = candidate;
  return (
    passes([status], filter.status) &&
    passes([phase], filter.phase) &&
    passes([operation], filter.operation) &&
    passes(candidate.tags, filter.tag)
  );
}

const homeOf = (candidate: Candidate) => (isFinal(candidate.status) ? 'completed' : 'inProgress');

describe('conditionsOf', () => {
  it('lets through any of the wanted and none of the refused, name by name', () => {
    const property = fc.property(candidates, filters, (candidate, filter) => {
      expect(fits(candidate, conditionsOf(filter, 60))).toBe(meant(candidate, filter));
    });
    fc.assert(property, { numRuns: 1_000 });
  });

  it('has no condition without a filter, and escapes nothing because it needs no pattern', () => {
    expect(conditionsOf({}, 60)).toEqual([]);
    expect(JSON.stringify(conditionsOf({ q: '.*$' }, 60))).not.toContain('$regex');
  });
});

describe('withoutIdleStatus', () => {
  it('changes nothing about which documents of the collection fit', () => {
    const property = fc.property(candidates, filters, (candidate, filter) => {
      const narrowed = withoutIdleStatus(filter, homeOf(candidate));
      const { completed, inProgress } = collectionsOf(filter);
      const read = isFinal(candidate.status) ? completed : inProgress;
      expect(read && fits(candidate, conditionsOf(narrowed, 60))).toBe(meant(candidate, filter));
    });
    fc.assert(property, { numRuns: 1_000 });
  });

  it('drops a status that every document of the collection has', () => {
    const filter = { status: { wanted: [...finalStatuses], refused: [] } };
    expect(withoutIdleStatus(filter, 'completed')).toEqual({});
    expect(withoutIdleStatus({ status: { wanted: [], refused: ['queued'] } }, 'completed')).toEqual({});
  });
});

describe('collectionsOf', () => {
  it('reads a collection exactly when one of its states passes', () => {
    const property = fc.property(anyOf(jobStatuses), (status) => {
      const passing = jobStatuses.filter((each) => meant({ status: each, phase: null, operation: 'ADD', tags: [] }, { status }));
      const expected = { inProgress: passing.some((each) => !isFinal(each)), completed: passing.some(isFinal) };
      expect(collectionsOf({ status })).toEqual(expected);
    });
    fc.assert(property);
  });

  it('looks for ends among finished jobs only', () => {
    expect(collectionsOf({ finishedAfter: new Date() })).toEqual({ inProgress: false, completed: true });
  });
});
