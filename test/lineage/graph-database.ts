import type { Connection } from 'mongoose';
import { createIndexes } from '../../src/database/indexes.js';
import { LineageService } from '../../src/lineage/lineage.service.js';
import { type Node, parseNode } from '../../src/lineage/nodes.js';
import type { StepReport } from '../../src/lineage/steps/step.js';
import { type StepDocument, stepModel } from '../../src/lineage/steps/steps.schema.js';
import { StepsStore } from '../../src/lineage/steps/steps.store.js';
import { withDatabase } from '../support/database.js';

/** The graph on an empty database. */
export interface GraphScene {
  readonly connection: Connection;
  readonly steps: StepsStore;
  readonly lineage: LineageService;
  readonly stored: () => Promise<StepDocument[]>;
}

/** Runs the work with an empty graph. */
export async function withGraph(work: (scene: GraphScene) => Promise<void>): Promise<void> {
  await withDatabase(async ({ connection }) => {
    const model = connection.model<StepDocument>(stepModel.name, stepModel.schema);
    await createIndexes(connection);
    const steps = new StepsStore(model);
    const stored = () => model.find({}, { _id: 0 }).sort({ runId: 1 }).lean<StepDocument[]>();
    await work({ connection, steps, lineage: new LineageService(steps), stored });
  });
}

/** The node with an id. */
export const node = (id: string): Node => parseNode(id)!;

/** A UUID with a number in it. */
export const runId = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** A completed step. */
export function stepOf(number: number, inputs: readonly string[], outputs: readonly string[]): StepReport {
  const startedAt = new Date(Date.UTC(2026, 0, 1, 0, 0, number));
  const end = { at: new Date(startedAt.getTime() + 1_000), outcome: 'completed' } as const;
  const about = { runId: runId(number), source: 'trace', parents: ['trace:t'], name: `step ${number}`, link: null } as const;
  return { ...about, inputs, outputs, cut: false, startedAt, end };
}
