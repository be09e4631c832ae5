/** How a step can end. */
export const stepOutcomes = ['completed', 'failed', 'aborted'] as const;
export type StepOutcome = (typeof stepOutcomes)[number];

/** Where a step was told of. */
export const stepSources = ['trace', 'job', 'openlineage'] as const;
export type StepSource = (typeof stepSources)[number];

/** What one event tells of a step. Many events may tell of one step, in any order and more than once. */
export interface StepReport {
  /** UUID of the run; the identity of the step. */
  readonly runId: string;
  readonly source: StepSource;
  /** Nodes that stand for more than this run, such as its trace, its job, its parent run. */
  readonly parents: readonly string[];
  /** What ran: a component, an operation on a dataset, a job of OpenLineage. */
  readonly name: string;
  /** Path below `/api/v1` of what tells more of it; null where there is nothing. */
  readonly link: string | null;
  /** Nodes that it read, and that it wrote. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** True when a node was left out because its id is too long. */
  readonly cut: boolean;
  /** When it began, as the event states; null where it does not. */
  readonly startedAt: Date | null;
  /** How and when it ended; null while it runs. */
  readonly end: StepEnd | null;
}

export interface StepEnd {
  readonly at: Date;
  readonly outcome: StepOutcome;
}

/** The longest id of a node that is kept, in bytes of UTF-8: room for the longest key of an object store. */
const maxNodeBytes = 1_100;

/** Two lists of nodes without doubles, and without ids that are too long, of which `cut` tells. */
export function touched(inputs: readonly string[], outputs: readonly string[]): Pick<StepReport, 'inputs' | 'outputs' | 'cut'> {
  const fits = (node: string): boolean => Buffer.byteLength(node) <= maxNodeBytes;
  const kept = (nodes: readonly string[]): string[] => [...new Set(nodes.filter(fits))];
  return { inputs: kept(inputs), outputs: kept(outputs), cut: ![...inputs, ...outputs].every(fits) };
}
