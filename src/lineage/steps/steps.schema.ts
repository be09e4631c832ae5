import { Schema } from 'mongoose';
import { schemaOptions } from '../../database/schema-options.js';
import type { StepOutcome, StepSource } from './step.js';

/** A step: one run, with what it read and wrote. An edge of the graph, from all of its inputs to all of its outputs. */
export interface StepDocument {
  readonly runId: string;
  readonly source: StepSource;
  readonly name: string;
  readonly link: string | null;
  /** Ids of nodes; sets, each with at most 5,000 members. */
  readonly parents: readonly string[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** True when a set was cut. */
  readonly cut: boolean;
  /** The smallest that was reported. */
  readonly startedAt: Date | null;
  /** The first end by its time, then by the word; null while none was reported. */
  readonly end: { readonly at: Date; readonly outcome: StepOutcome } | null;
  /** Every outcome that was reported; more than one: reports contradict each other. */
  readonly outcomes: readonly StepOutcome[];
}

const endSchema = new Schema({ at: Date, outcome: String }, { ...schemaOptions, _id: false });

const schema = new Schema<StepDocument>(
  {
    runId: { type: String, required: true },
    source: { type: String, required: true },
    name: { type: String, required: true },
    link: String,
    parents: [String],
    inputs: [String],
    outputs: [String],
    cut: Boolean,
    startedAt: Date,
    end: { type: endSchema },
    outcomes: [String],
  },
  { ...schemaOptions, collection: 'lineageSteps' },
);
// One step by its run, and its identity.
schema.index({ runId: 1 }, { name: 'run', unique: true });
// The steps of a trace, of a job, of a parent run.
schema.index({ parents: 1 }, { name: 'parents' });
// One level of the graph downwards: the steps that read any of some nodes, newest first; and the versions of a dataset that were read.
schema.index({ inputs: 1, startedAt: -1 }, { name: 'inputs_started' });
// One level upwards: the steps that wrote any of some nodes, newest first; and the versions of a dataset that were written.
schema.index({ outputs: 1, startedAt: -1 }, { name: 'outputs_started' });
// The newest of the steps that wrote one node: the last that ended, the last that started of those that have not.
schema.index({ outputs: 1, 'end.at': -1, startedAt: -1 }, { name: 'outputs_ended' });

export const stepModel = { name: 'LineageStep', schema };
