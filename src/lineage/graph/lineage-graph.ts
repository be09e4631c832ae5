import type { StepDocument } from '../steps/steps.schema.js';
import type { StepOutcome, StepSource } from '../steps/step.js';
import { type NodeKind, parseNode, runNode } from '../nodes.js';

/** `running` while no end was reported. */
export type NodeStatus = StepOutcome | 'running';

/** A node as it is shown. */
export interface GraphNode {
  readonly id: string;
  readonly kind: NodeKind;
  /** What ran, or the name of the file or dataset. */
  readonly name: string;
  readonly namespace: string | null;
  readonly version: string | null;
  /** Of a run: how it ended. Of a file or dataset: how the newest known run ended that wrote it; null where none is known. */
  readonly status: NodeStatus | null;
  /** Of a run; null else. */
  readonly source: StepSource | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** True for a run of which ends were reported that contradict each other; the first one counts. */
  readonly conflictingEnds: boolean;
  readonly link: string | null;
  /** Steps between it and the start; 0 for the start. */
  readonly distance: number;
}

/** What a run read or wrote; or, at the start, a version of the dataset or a file that was written as part of it. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'read' | 'wrote' | 'holds';
}

/** How a step stands. */
export const statusOf = ({ end }: Pick<StepDocument, 'end'>): NodeStatus => end?.outcome ?? 'running';

/** A run as a node. */
export function runAsNode(step: StepDocument, distance: number): GraphNode {
  const { runId, name, source, link, startedAt, end, outcomes } = step;
  return {
    id: runNode(runId),
    kind: 'run',
    name,
    namespace: null,
    version: null,
    status: statusOf(step),
    source,
    startedAt: startedAt?.toISOString() ?? null,
    endedAt: end?.at.toISOString() ?? null,
    conflictingEnds: outcomes.length > 1,
    link,
    distance,
  };
}

/** A file, a dataset, or what stands for several runs, as a node. */
export function dataAsNode(id: string, status: NodeStatus | null, distance: number): GraphNode {
  const node = parseNode(id);
  const { namespace, version } = node?.kind === 'dataset' ? node : { namespace: null, version: null };
  const shown = { kind: node?.kind ?? ('dataset' as const), name: node?.name ?? id, namespace, version };
  return { id, ...shown, status, source: null, startedAt: null, endedAt: null, conflictingEnds: false, link: null, distance };
}
