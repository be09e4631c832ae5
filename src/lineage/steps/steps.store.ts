import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { inParallel } from '../../common/in-parallel.js';
import { operand } from '../../database/change.js';
import { statementLimits } from '../../database/connection-options.js';
import type { StepReport } from './step.js';
import { type StepDocument, stepModel } from './steps.schema.js';

/** Which way the graph is walked: to what a node was made from, or to what was made from it. */
export const directions = ['up', 'down'] as const;
export type Direction = (typeof directions)[number];

/** The side of a step at which a walk meets it, and the side at which it goes on. */
export const sides = { up: { meets: 'outputs', leads: 'inputs' }, down: { meets: 'inputs', leads: 'outputs' } } as const;

/** With `maxNodeBytes` it keeps a step well below the greatest size of a document. */
const maxMembers = 5_000;
/** Up to so many nodes the index brings their steps in order; with more, the server would sort all of them first. */
const maxSorted = 200;
const newestFirst = { startedAt: -1 } as const;
const lastEnded = { 'end.at': -1, startedAt: -1 } as const;
/** With more writers of some nodes, the newest of each node is looked for: a node that many wrote must not hide those of the others. */
const maxWriters = 2_000;
const nodesAtOnce = 8;
const limits = { maxTimeMS: statementLimits.listMs } as const;

/** The union of a stored set with further members, cut. */
const unionWith = (field: string, members: readonly string[]): object => ({
  $setUnion: [{ $ifNull: [`$${field}`, []] }, operand([...members])],
});
const capped = (set: object): object => ({ $slice: [set, maxMembers] });
const tooMany = (set: object): object => ({ $gt: [{ $size: set }, maxMembers] });

/**
 * Adds a report to its step. The result does not depend on the order of reports, nor on how often each comes: sets are united, the smallest start and the first
 * end are kept. Text that reports disagree on is the smallest one, so that it does not depend on the order either.
 */
function mergePipeline(report: StepReport): object[] {
  const { runId, source, name, link, parents, startedAt, end } = report;
  const [inputs, outputs] = [unionWith('inputs', report.inputs), unionWith('outputs', report.outputs)];
  const smallest = (field: string, value: unknown): object => ({ $min: [`$${field}`, operand(value)] });
  return [
    {
      $set: {
        runId: operand(runId),
        source: smallest('source', source),
        name: smallest('name', name),
        link: smallest('link', link),
        parents: capped(unionWith('parents', parents)),
        inputs: capped(inputs),
        outputs: capped(outputs),
        cut: { $or: [{ $ifNull: ['$cut', false] }, operand(report.cut), tooMany(inputs), tooMany(outputs)] },
        startedAt: smallest('startedAt', startedAt),
        end: end === null ? { $ifNull: ['$end', null] } : smallest('end', { at: end.at, outcome: end.outcome }),
        outcomes: end === null ? { $ifNull: ['$outcomes', []] } : unionWith('outcomes', [end.outcome]),
      },
    },
  ];
}

/** Datasets whose version is not stated stand for every version. */
const versionsOf = (dataset: string): object => ({ $elemMatch: { $gte: `${dataset}@`, $lt: `${dataset}A` } });

/** What is needed of a step to know how it left what it wrote. */
export type StepStanding = Pick<StepDocument, 'runId' | 'outputs' | 'startedAt' | 'end'>;
const standing = { _id: 0, runId: 1, startedAt: 1, end: 1 } as const;

interface FindOptions {
  readonly limit: number;
  readonly sort?: Readonly<Record<string, -1>>;
  readonly projection?: object;
}

/** The only place that talks to the collection `lineageSteps`. */
@Injectable()
export class StepsStore {
  constructor(@InjectModel(stepModel.name) private readonly model: Model<StepDocument>) {}

  /** Adds reports to their steps, durably. Safe to repeat, in any order. @throws when the database does not take one of them */
  async merge(reports: readonly StepReport[]): Promise<void> {
    if (reports.length === 0) return;
    const updates = reports.map((report) => ({
      updateOne: { filter: { runId: report.runId }, update: mergePipeline(report), upsert: true },
    }));
    await this.model.collection.bulkWrite(updates, { ordered: true });
  }

  /** Steps that a walk meets next: those that have one of the nodes at the side where it meets them; of few nodes the newest steps. */
  findAt(nodes: readonly string[], direction: Direction, limit: number): Promise<StepDocument[]> {
    const filter = { [sides[direction].meets]: { $in: [...nodes] } };
    return this.find(filter, { limit, ...(nodes.length <= maxSorted && { sort: newestFirst }) });
  }

  /** The step of a run, and the steps under it. */
  findOfRun(node: string, runId: string, limit: number): Promise<StepDocument[]> {
    return this.find({ $or: [{ runId }, { parents: node }] }, { limit });
  }

  /** The steps of a trace or a job. */
  findOfParent(node: string, limit: number): Promise<StepDocument[]> {
    return this.find({ parents: node }, { limit });
  }

  /** Steps that read or wrote a node; of a dataset without version also those of every version. */
  findTouching(node: string, limit: number): Promise<StepDocument[]> {
    const of = (side: 'inputs' | 'outputs') => [{ [side]: node }, ...(node.startsWith('dataset:') ? [{ [side]: versionsOf(node) }] : [])];
    return this.find({ $or: [...of('inputs'), ...of('outputs')] }, { limit });
  }

  /** How steps stand that wrote some nodes: all of them, or the newest of each node where they are many. */
  async findWriters(nodes: readonly string[]): Promise<StepStanding[]> {
    const all = await this.find({ outputs: { $in: [...nodes] } }, { limit: maxWriters + 1, projection: { ...standing, outputs: 1 } });
    if (all.length <= maxWriters) return all;
    return (await inParallel(nodes, nodesAtOnce, (node) => this.newestWritersOf(node))).flat();
  }

  /** The step that ended last, and the one that started last of those that have not ended: one of them is the newest. */
  private async newestWritersOf(node: string): Promise<StepStanding[]> {
    const newest = { sort: lastEnded, limit: 1, projection: standing } as const;
    const ended = await this.find({ outputs: node }, newest);
    const running = await this.find({ outputs: node, 'end.at': null }, newest);
    return [...ended, ...running].map((step) => ({ ...step, outputs: [node] }));
  }

  private async find(filter: object, options: FindOptions): Promise<StepDocument[]> {
    const all = { projection: { _id: 0 }, ...options, ...limits };
    return (await this.model.collection.find(filter, all).toArray()) as unknown as StepDocument[];
  }
}
