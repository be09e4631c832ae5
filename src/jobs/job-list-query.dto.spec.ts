import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RequestInvalidError } from '../common/errors/request.errors.js';
import { createValidationPipe } from '../common/http/validation.js';
import { conditionsOf } from './job-filter.js';
import { filterOf, JobListQueryDto } from './job-list-query.dto.js';
import { jobStatuses } from './jobs-lifecycle.js';

const pipe = createValidationPipe();
const read = (query: object): Promise<JobListQueryDto> =>
  pipe.transform(query, { type: 'query', metatype: JobListQueryDto }) as Promise<JobListQueryDto>;

const names = [
  'status',
  'phase',
  'operation',
  'dataset',
  'target',
  'tag',
  'traceId',
  'stale',
  'createdAfter',
  'q',
  'limit',
  'sort',
  'cursor',
];
const values = fc.oneof(
  fc.constantFrom('queued', '!queued', 'built', 'ADD', 'true', '5', '-createdAt', '2026-01-31T18:00:00Z', '!', ''),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const queries = fc.dictionary(
  fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...names) }, fc.constantFrom('__proto__', 'constructor', 'status[$ne]'), fc.string()),
  fc.oneof(values, fc.array(values, { maxLength: 3 })),
  { maxKeys: 3, noNullPrototype: true },
);

describe('JobListQueryDto', () => {
  it('gives a filter that becomes conditions, or refuses and names places, whatever the query', async () => {
    const property = fc.asyncProperty(queries, async (query) => {
      try {
        const filter = filterOf(await read(query));
        expect(Object.keys(query).filter((name) => !names.includes(name))).toEqual([]);
        expect(conditionsOf(filter, 60)).toBeInstanceOf(Array);
        expect(JSON.stringify(filter)).not.toContain('null');
      } catch (error) {
        if (!(error instanceof RequestInvalidError)) throw error;
        expect(error.errors.length).toBeGreaterThan(0);
        for (const { pointer } of error.errors) expect(pointer).toMatch(/^\?/);
      }
    });
    await fc.assert(property, { numRuns: 500 });
  }, 60_000);

  it('splits repeated values into wanted and refused ones', async () => {
    const property = fc.asyncProperty(fc.array(fc.constantFrom(...jobStatuses), { minLength: 1 }), fc.nat(5), async (status, refused) => {
      const given = status.map((each, index) => (index < refused ? `!${each}` : each));
      const filter = filterOf(await read({ status: given.length === 1 ? given[0] : given }));
      expect(filter).toEqual({ status: { wanted: status.slice(refused), refused: status.slice(0, refused) } });
    });
    await fc.assert(property);
  }, 60_000);

  it('makes dates and flags, and leaves out what belongs to the page', async () => {
    const query = { limit: '3', count: 'exact', sort: 'createdAt', stale: 'false', createdAfter: '2026-01-31T18:00:00+01:00' };
    expect(filterOf(await read(query))).toEqual({ stale: false, createdAfter: new Date('2026-01-31T17:00:00Z') });
  });
});
