import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LineageAnswer } from '../../src/lineage/lineage.service.js';
import type { StepReport } from '../../src/lineage/steps/step.js';
import { node, runId, stepOf, withGraph } from './graph-database.js';

const idsOf = ({ nodes }: LineageAnswer, distance?: number): string[] =>
  nodes.filter((each) => distance === undefined || each.distance === distance).map(({ id }) => id);
const dataOf = (answer: LineageAnswer): string[] => idsOf(answer).filter((id) => !id.startsWith('run:'));

/** raw.csv → 1 → clean.csv of a@1 → 2 → b@1; clean.csv → 3 (failed) */
const chain: readonly StepReport[] = [
  stepOf(1, ['file:raw.csv'], ['file:clean.csv', 'dataset:a@1']),
  { ...stepOf(2, ['file:clean.csv'], ['dataset:b@1']), parents: ['trace:u'] },
  { ...stepOf(3, ['file:clean.csv'], ['file:broken.csv']), parents: ['job:j'], end: { at: new Date(), outcome: 'failed' } },
];

describe('LineageService', () => {
  it('says what was made from a file, one step far by default, with the status of each node', () =>
    withGraph(async ({ steps, lineage }) => {
      await steps.merge(chain);
      const near = await lineage.walk({ node: node('file:raw.csv'), direction: 'down', depth: 1 });
      expect(dataOf(near)).toEqual(['file:raw.csv', 'dataset:a@1', 'file:clean.csv']);
      const far = await lineage.walk({ node: node('file:raw.csv'), direction: 'down', depth: 5 });
      expect(idsOf(far, 2).sort()).toEqual(['dataset:b@1', 'file:broken.csv', `run:${runId(2)}`, `run:${runId(3)}`]);
      const statuses = Object.fromEntries(far.nodes.map(({ id, status }) => [id, status]));
      expect(statuses).toMatchObject({
        'file:raw.csv': null,
        'file:broken.csv': 'failed',
        [`run:${runId(3)}`]: 'failed',
        'dataset:b@1': 'completed',
      });
      expect(far.edges).toContainEqual({ from: 'file:clean.csv', to: `run:${runId(2)}`, kind: 'read' });
      expect(far.edges).toContainEqual({ from: `run:${runId(2)}`, to: 'dataset:b@1', kind: 'wrote' });
      expect(far.truncated).toBe(false);
    }));

  it('says what a dataset was made from', () =>
    withGraph(async ({ steps, lineage }) => {
      await steps.merge(chain);
      const answer = await lineage.walk({ node: node('dataset:b@1'), direction: 'up', depth: 2 });
      expect(dataOf(answer)).toEqual(['dataset:b@1', 'file:clean.csv', 'file:raw.csv']);
    }));

  it('says how the newest writer left each node, however many wrote another one', () =>
    withGraph(async ({ steps, lineage }) => {
      const failed = (number: number, at: Date, file: string): StepReport => ({
        ...stepOf(number, [], [file]),
        end: { at, outcome: 'failed' },
      });
      const running = (number: number, file: string): StepReport => ({ ...stepOf(number, [], [file]), end: null });
      await steps.merge(Array.from({ length: 2_100 }, (_, index) => failed(index, new Date(index * 1_000), 'file:road')));
      await steps.merge([
        stepOf(3_000, [], ['file:road']),
        { ...stepOf(3_001, [], ['file:zed']), startedAt: null },
        failed(3_002, new Date('2025-12-01T00:00:00Z'), 'file:zed'), // started later, ended earlier
        stepOf(3_003, [], ['file:new']),
        running(3_100, 'file:new'),
        running(3_005, 'file:old'),
        stepOf(3_006, [], ['file:old']),
        stepOf(4_000, ['file:road', 'file:zed', 'file:new', 'file:old'], ['file:out']),
      ]);
      const { nodes } = await lineage.walk({ node: node('file:out'), direction: 'up', depth: 1 });
      const statuses = Object.fromEntries(nodes.filter(({ kind }) => kind === 'file').map(({ id, status }) => [id, status]));
      expect(statuses).toEqual({
        ...{ 'file:road': 'completed', 'file:zed': 'completed', 'file:new': 'running', 'file:old': 'completed' },
        'file:out': 'completed',
      });
    }));

  it('follows the files of a dataset downwards, and every version of one whose version is not named', () =>
    withGraph(async ({ steps, lineage }) => {
      await steps.merge([
        ...chain,
        stepOf(4, [], ['dataset:a@2']),
        stepOf(5, ['dataset:a@2'], ['dataset:c']),
        stepOf(6, [], ['dataset:ab@1']),
      ]);
      const answer = await lineage.walk({ node: node('dataset:a'), direction: 'down', depth: 1 });
      expect(idsOf(answer, 0).sort()).toEqual(['dataset:a', 'dataset:a@1', 'dataset:a@2', 'file:clean.csv']);
      expect(
        idsOf(answer, 1)
          .filter((id) => id.startsWith('dataset:'))
          .sort(),
      ).toEqual(['dataset:b@1', 'dataset:c']);
      expect(answer.edges).toContainEqual({ from: 'dataset:a@1', to: 'file:clean.csv', kind: 'holds' });
      const version = await lineage.walk({ node: node('dataset:a@2'), direction: 'down', depth: 1 });
      expect(dataOf(version)).toEqual(['dataset:a@2', 'dataset:c']);
    }));

  it('says what a run touched, what a trace did, what a job did', () =>
    withGraph(async ({ steps, lineage }) => {
      await steps.merge([...chain, { ...stepOf(7, [], []), parents: [`run:${runId(1)}`] }]);
      const read = await lineage.walk({ node: node(`run:${runId(1)}`), direction: 'up', depth: 1 });
      expect(idsOf(read)).toEqual(['file:raw.csv', `run:${runId(1)}`, `run:${runId(7)}`]);
      const wrote = await lineage.walk({ node: node(`run:${runId(1)}`), direction: 'down', depth: 1 });
      expect(dataOf(wrote)).toEqual(['dataset:a@1', 'file:clean.csv']);
      expect(dataOf(await lineage.walk({ node: node('trace:u'), direction: 'down', depth: 1 }))).toEqual(['dataset:b@1']);
      expect(dataOf(await lineage.walk({ node: node('job:j'), direction: 'up', depth: 2 }))).toEqual(['file:clean.csv', 'file:raw.csv']);
    }));

  it.each(['file:none', 'dataset:a@3', `run:${runId(9)}`, 'trace:none', 'job:none'])('knows nothing of %s', (id) =>
    withGraph(async ({ steps, lineage }) => {
      await steps.merge(chain);
      const walk = lineage.walk({ node: node(id), direction: 'up', depth: 1 });
      await expect(walk).rejects.toMatchObject({ code: 'TRACES.NODE_NOT_FOUND' });
    }),
  );

  it('ends in a circle', () =>
    withGraph(async ({ steps, lineage }) => {
      await steps.merge([stepOf(1, ['file:a'], ['file:b']), stepOf(2, ['file:b'], ['file:a'])]);
      const answer = await lineage.walk({ node: node('file:a'), direction: 'down', depth: 10 });
      expect(answer.nodes).toHaveLength(4);
      expect(answer.edges).toHaveLength(4);
    }));

  it('meets the oldest step of a node at which a thousand steps were met before', () =>
    withGraph(async ({ steps, lineage }) => {
      const many = Array.from({ length: 1_000 }, (_, index) => stepOf(index + 2, ['file:a', 'file:b'], []));
      await steps.merge([stepOf(0, ['file:b'], ['file:c']), stepOf(1, ['file:a'], ['file:b']), ...many]);
      const answer = await lineage.walk({ node: node('file:a'), direction: 'down', depth: 3 });
      expect(dataOf(answer)).toEqual(['file:a', 'file:b', 'file:c']);
      expect(idsOf(answer)).toContain(`run:${runId(0)}`);
      expect(answer.truncated).toBe(false);
    }));

  it('says that it was cut when the steps that it met before leave no room for a further one', () =>
    withGraph(async ({ steps, lineage }) => {
      const many = Array.from({ length: 1_997 }, (_, index) => stepOf(index + 3, ['file:a', 'file:b'], []));
      await steps.merge([stepOf(0, ['file:b'], ['file:c']), stepOf(1, ['file:a'], ['file:b']), ...many]);
      const answer = await lineage.walk({ node: node('file:a'), direction: 'down', depth: 2 });
      expect(answer.nodes).toHaveLength(2_000);
      expect(answer.truncated).toBe(true);
    }));

  it('answers with at most 2,000 nodes, and says that it was cut', () =>
    withGraph(async ({ steps, lineage }) => {
      await steps.merge(Array.from({ length: 3_000 }, (_, index) => stepOf(index, ['file:a'], [`file:b-${index}`])));
      const answer = await lineage.walk({ node: node('file:a'), direction: 'down', depth: 3 });
      expect(answer.nodes).toHaveLength(2_000);
      expect(answer.truncated).toBe(true);
      const ids = new Set(idsOf(answer));
      expect([ids.has(`run:${runId(2_999)}`), ids.has(`run:${runId(0)}`)]).toEqual([true, false]); // the newest are kept
      expect(answer.edges.filter(({ from, to }) => !ids.has(from) || !ids.has(to))).toEqual([]);
    }));
});

describe('StepsStore', () => {
  const outcome = fc.constantFrom('completed', 'failed', 'aborted') as fc.Arbitrary<'completed'>;
  const instant = fc.integer({ min: 0, max: 5 }).map((seconds) => new Date(seconds * 1_000));
  const nodes = fc.array(fc.constantFrom('file:a', 'file:b', 'dataset:$x', 'dataset:y@1'));
  const report: fc.Arbitrary<StepReport> = fc.record({
    runId: fc.constantFrom(runId(1), runId(2)),
    source: fc.constantFrom('trace', 'openlineage') as fc.Arbitrary<'trace'>,
    parents: fc.array(fc.constantFrom('trace:$t', 'job:j')),
    name: fc.constantFrom('$name', 'b'),
    link: fc.option(fc.constantFrom('/a', '/b')),
    inputs: nodes,
    outputs: nodes,
    cut: fc.boolean(),
    startedAt: fc.option(instant),
    end: fc.option(fc.record({ at: instant, outcome })),
  });

  it('makes the same steps of the same reports, in whatever order and however often they come', () =>
    withGraph(async ({ steps, stored, connection }) => {
      const resultOf = async (reports: readonly StepReport[]) => {
        await connection.collection('lineageSteps').deleteMany({});
        await steps.merge(reports);
        const sets = (all: readonly string[]) => [...all].sort();
        return (await stored()).map((step) => ({
          ...step,
          ...{ inputs: sets(step.inputs), outputs: sets(step.outputs), parents: sets(step.parents), outcomes: sets(step.outcomes) },
        }));
      };
      await fc.assert(
        fc.asyncProperty(
          fc
            .array(report, { minLength: 1, maxLength: 6 })
            .chain((all) =>
              fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2, maxLength: all.length * 2 })),
            ),
          async ([once, shuffled]) => expect(await resultOf(shuffled)).toEqual(await resultOf(once)),
        ),
        { numRuns: 40 },
      );
    }));

  it('keeps the first end, and that another one contradicts it', () =>
    withGraph(async ({ steps, lineage }) => {
      const end = (second: number, outcome: 'completed' | 'failed') =>
        ({ at: new Date(Date.UTC(2026, 0, 1, 0, 0, second)), outcome }) as const;
      await steps.merge([{ ...stepOf(1, ['file:a'], []), end: end(5, 'completed') }]);
      await steps.merge([
        { ...stepOf(1, ['file:a'], []), end: end(3, 'failed') },
        { ...stepOf(1, [], ['file:b']), end: null },
      ]);
      const { nodes } = await lineage.walk({ node: node('file:a'), direction: 'down', depth: 1 });
      expect(nodes.find(({ kind }) => kind === 'run')).toMatchObject({
        status: 'failed',
        conflictingEnds: true,
        endedAt: '2026-01-01T00:00:03.000Z',
      });
      expect(nodes.find(({ id }) => id === 'file:b')).toMatchObject({ status: 'failed' });
    }));
});
