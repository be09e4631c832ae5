import { operand } from '../../database/change.js';
import { type BoundedNames, keptNames, type TraceFold } from './trace-fold.js';

const at = (field: keyof TraceFold): string => `$fold.${field}`;

/** Missing and null lose against every value, in `$min` and `$max` alike. */
const smallest = (field: keyof TraceFold, value: unknown): object => ({ $min: [at(field), operand(value)] });
const greatest = (field: keyof TraceFold, value: unknown): object => ({ $max: [at(field), operand(value)] });

function united(field: keyof typeof keptNames, { names, cut }: BoundedNames): object {
  const limit = keptNames[field];
  return {
    $let: {
      vars: { all: { $setUnion: [`${at(field)}.names`, operand(names)] } },
      in: {
        names: { $slice: [{ $sortArray: { input: '$$all', sortBy: 1 } }, limit] },
        cut: { $or: [`${at(field)}.cut`, operand(cut), { $gt: [{ $size: '$$all' }, limit] }] },
      },
    },
  };
}

/** As `stateOf` in `trace-fold.ts`, over the fold that the stage before has left. */
const state = {
  $switch: {
    branches: [
      { case: { $and: [{ $eq: [at('finished'), null] }, { $eq: [at('failed'), null] }] }, then: 'running' },
      { case: { $eq: [at('failed'), null] }, then: 'finished' },
      { case: { $eq: [at('finished'), null] }, then: 'failed' },
      { case: { $lt: [at('failed'), at('finished')] }, then: 'failed' },
    ],
    default: 'finished',
  },
};

/** Parts of a fold that say nothing are left out: most events end nothing and name no file. */
function joins(fold: TraceFold): Record<string, object> {
  const marks = (['finished', 'failed', 'failure'] as const).filter((field) => fold[field] !== null);
  const sets = (['components', 'filesIn', 'filesOut'] as const).filter((field) => fold[field].names.length > 0 || fold[field].cut);
  return Object.fromEntries([
    ['fold.startedAt', smallest('startedAt', fold.startedAt)],
    ['fold.latest', greatest('latest', fold.latest)],
    ...marks.map((field) => [`fold.${field}`, smallest(field, fold[field])] as const),
    ...sets.map((field) => [`fold.${field}`, united(field, fold[field])] as const),
  ]);
}

/**
 * The update that joins a fold into the summary of a trace: `joinFolds`, done by the database. It may be repeated, and meets others in any order, with the same
 * result.
 */
export const projectionPipeline = (fold: TraceFold): object[] => [{ $set: joins(fold) }, { $set: { state } }];
