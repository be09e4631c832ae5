import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { endOf, foldOf, type FoldedEvent, joinFolds, keptNames, stateOf, type TraceFold } from './trace-fold.js';

const none = { names: [], cut: false };

function event(more: Partial<FoldedEvent> = {}): FoldedEvent {
  const start = more.start ?? '2026-11-22T10:00:00.000000000';
  return {
    start,
    component: 'c',
    operation: '',
    content: 'x',
    startedAt: new Date(`${start.slice(0, 19)}Z`),
    endedAt: new Date(`${start.slice(0, 19)}Z`),
    traceStatus: 'CONTINUE',
    traceEventStatus: 'OK',
    failureMessage: null,
    filesIn: none,
    filesOut: none,
    ...more,
  };
}

const at = (second: number) => `2026-11-22T10:00:${String(second).padStart(2, '0')}.000000000`;
const fold = (...events: readonly FoldedEvent[]): TraceFold => events.map(foldOf).reduce(joinFolds);

const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 4 });
const bounded = names.map((all) => ({ names: [...all].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))), cut: false }));
const anyEvent: fc.Arbitrary<FoldedEvent> = fc
  .record({
    second: fc.integer({ min: 0, max: 5 }),
    component: fc.constantFrom('a', 'b', '\u{1f600}', '\uffee'),
    operation: fc.constantFrom('', 'copy'),
    content: fc.string({ minLength: 1, maxLength: 2 }),
    traceStatus: fc.constantFrom('STARTED', 'CONTINUE', 'FINISHED', 'anything'),
    traceEventStatus: fc.constantFrom('OK', 'FAILED'),
    filesIn: bounded,
    filesOut: bounded,
  })
  // The content's hash stands for everything that is not in the place.
  .map(({ second, content, ...rest }) => event({ ...rest, start: at(second), content: `${content}${JSON.stringify(rest)}` }));

describe('the fold of a trace', () => {
  it('is the same for any order, any grouping and any repetition of the events', () => {
    const shuffledPair = fc
      .array(anyEvent, { minLength: 1, maxLength: 12 })
      .chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 })));
    fc.assert(
      fc.property(shuffledPair, fc.nat(), (pair, cut) => {
        const [events, shuffled] = pair;
        const middle = 1 + (cut % (shuffled.length - 1));
        const grouped = joinFolds(fold(...shuffled.slice(0, middle)), fold(...shuffled.slice(middle)));
        expect(grouped).toEqual(fold(...events));
        expect(joinFolds(grouped, grouped)).toEqual(grouped);
      }),
    );
  });

  it('never makes an ended trace run again', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 8 }), anyEvent, (events, last) => {
        const ended = fold(event({ start: at(3), traceStatus: 'FINISHED' }), ...events);
        expect(stateOf(ended)).not.toBe('running');
        expect(stateOf(joinFolds(ended, foldOf(last)))).not.toBe('running');
      }),
    );
  });

  it('takes the first end by its start, whichever arrived first', () => {
    const failed = event({ start: at(1), traceStatus: 'FINISHED', traceEventStatus: 'FAILED', failureMessage: 'kaput' });
    const finished = event({ start: at(2), traceStatus: 'FINISHED' });
    for (const all of [fold(failed, finished), fold(finished, failed)]) {
      expect(stateOf(all)).toBe('failed');
      expect(endOf(all)).toEqual(all.failed);
      expect(all.finished?.start).toBe(at(2));
      expect(all.failure).toMatchObject({ component: 'c', message: 'kaput' });
    }
  });

  it('breaks ties by component, operation and content', () => {
    const end = (more: Partial<FoldedEvent>) => event({ traceStatus: 'FINISHED', ...more });
    expect(stateOf(fold(end({ component: 'b' }), end({ component: 'a', traceEventStatus: 'FAILED' })))).toBe('failed');
    expect(stateOf(fold(end({ operation: 'b' }), end({ operation: 'a', traceEventStatus: 'FAILED' })))).toBe('failed');
    expect(stateOf(fold(end({ content: 'b' }), end({ content: 'a', traceEventStatus: 'FAILED' })))).toBe('failed');
  });

  it('runs while nothing is finished, also when a step failed', () => {
    const all = fold(event(), event({ start: at(1), traceEventStatus: 'FAILED' }));
    expect([stateOf(all), all.failure?.start]).toEqual(['running', at(1)]);
  });

  it('keeps a bounded number of names, and says that there were more', () => {
    const many = Array.from({ length: keptNames.components + 5 }, (_, index) => event({ component: `c${String(index).padStart(4, '0')}` }));
    const all = fold(...many.toReversed());
    expect(all.components.names).toEqual(many.slice(0, keptNames.components).map(({ component }) => component));
    expect(all.components.cut).toBe(true);
    expect(joinFolds(all, all)).toEqual(all);
  });
});
