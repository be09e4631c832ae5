import { describe, expect, it } from '@jest/globals';
import { foldOf, joinFolds, type TraceFold } from './trace-fold.js';
import { TraceProjector } from './trace-projector.js';
import type { TracesStore } from '../traces.store.js';

const none = { names: [], cut: false };
const foldNumber = (n: number): TraceFold =>
  foldOf({
    ...{ start: String(n).padStart(3, '0'), component: `c${String(n).padStart(3, '0')}`, operation: '', content: String(n) },
    ...{
      startedAt: null,
      endedAt: null,
      traceStatus: 'CONTINUE',
      traceEventStatus: 'OK',
      failureMessage: null,
      filesIn: none,
      filesOut: none,
    },
  });

/** A store whose updates end when they are told to. */
function heldStore() {
  const updates: { traceId: string; fold: TraceFold; end: (error?: Error) => void }[] = [];
  const project = (traceId: string, fold: TraceFold) =>
    new Promise<void>((resolve, reject) => updates.push({ traceId, fold, end: (error) => (error ? reject(error) : resolve()) }));
  return { updates, projector: new TraceProjector({ project } as unknown as TracesStore) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('TraceProjector', () => {
  it('joins what comes while an update runs into one more update', async () => {
    const { updates, projector } = heldStore();
    const folds = Array.from({ length: 50 }, (_, n) => foldNumber(n));
    const joined = Promise.all(folds.map((fold) => projector.join('t', fold)));
    expect(updates.map(({ fold }) => fold)).toEqual([folds[0]]);
    updates[0]!.end();
    await settled();
    expect(updates.map(({ fold }) => fold)).toEqual([folds[0], folds.slice(1).reduce(joinFolds)]);
    updates[1]!.end();
    await joined;
  });

  it('is done with a fold only when the update that holds it is', async () => {
    const { updates, projector } = heldStore();
    const done: number[] = [];
    for (const n of [0, 1]) void projector.join('t', foldNumber(n)).then(() => done.push(n));
    updates[0]!.end();
    await settled();
    expect(done).toEqual([0]);
    updates[1]!.end();
    await settled();
    expect(done).toEqual([0, 1]);
  });

  it('tells a failure to those whose folds were in the update, and goes on with the others', async () => {
    const { updates, projector } = heldStore();
    const first = projector.join('t', foldNumber(0));
    const second = projector.join('t', foldNumber(1));
    updates[0]!.end(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await settled();
    updates[1]!.end();
    await second;
    const third = projector.join('t', foldNumber(2));
    updates[2]!.end();
    await third;
  });

  it('lets traces not wait for each other', () => {
    const { updates, projector } = heldStore();
    for (const traceId of ['a', 'b']) void projector.join(traceId, foldNumber(0));
    expect(updates.map(({ traceId }) => traceId)).toEqual(['a', 'b']);
  });
});
