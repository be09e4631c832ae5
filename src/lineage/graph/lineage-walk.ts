import type { StepDocument } from '../steps/steps.schema.js';
import { type Direction, sides, type StepStanding } from '../steps/steps.store.js';
import { runNode } from '../nodes.js';
import { type GraphEdge, type NodeStatus, statusOf } from './lineage-graph.js';

/** The most nodes of one answer. */
export const maxNodes = 2_000;
const maxEdges = 10_000;

/**
 * A walk along steps, level by level: what it has met so far. It takes steps in from outside, so that it knows no database. Nodes are never met twice, so that circles
 * end; at `maxNodes` it stops, and says so.
 */
export class LineageWalk {
  /** Run node → step and distance; in the order of meeting. */
  readonly runs = new Map<string, { readonly step: StepDocument; readonly distance: number }>();
  /** Files and datasets → distance; in the order of meeting. */
  readonly data = new Map<string, number>();
  readonly edges: GraphEdge[] = [];
  truncated = false;
  private readonly joined = new Set<string>();

  constructor(private readonly direction: Direction) {}

  /**
   * How many steps have to be read at a level, so that none is lost in silence: one more than there is room for, besides every step that it has met, each of
   * which may come again.
   */
  get stepsToRead(): number {
    return this.runs.size + this.room + 1;
  }

  /** How many more nodes there is room for. */
  private get room(): number {
    return maxNodes - this.runs.size - this.data.size;
  }

  /** Meets a file or dataset. @returns false when there is no room for it; true also when it was met before */
  meet(node: string, distance: number): boolean {
    if (this.data.has(node)) return true;
    if (this.room <= 0) return !(this.truncated = true);
    this.data.set(node, distance);
    return true;
  }

  /**
   * Goes through steps, to the nodes at their far side.
   * @param frontier the nodes from which it comes; undefined: the steps themselves are the start
   * @returns the nodes that it met for the first time
   */
  through(steps: readonly StepDocument[], frontier: ReadonlySet<string> | undefined, distance: number): string[] {
    const fresh: string[] = [];
    for (const step of steps) {
      const run = runNode(step.runId);
      if (!this.meetRun(run, step, frontier ? distance : 0)) break;
      for (const node of step[sides[this.direction].meets]) if (frontier?.has(node)) this.join(node, run, 'meets');
      for (const node of step[sides[this.direction].leads]) {
        const isNew = !this.data.has(node);
        if (!this.meet(node, distance)) break;
        if (isNew) fresh.push(node);
        this.join(node, run, 'leads');
      }
      if (step.cut) this.truncated = true;
    }
    return fresh;
  }

  /** A version of a dataset, or a file of it, stands for it. */
  hold(dataset: string, part: string): void {
    this.addOnce({ from: dataset, to: part, kind: 'holds' });
  }

  private meetRun(run: string, step: StepDocument, distance: number): boolean {
    if (this.runs.has(run)) return true;
    if (this.room <= 0) return !(this.truncated = true);
    this.runs.set(run, { step, distance });
    return true;
  }

  private join(node: string, run: string, side: 'meets' | 'leads'): void {
    const reading = sides[this.direction][side] === 'inputs';
    const edge: GraphEdge = reading ? { from: node, to: run, kind: 'read' } : { from: run, to: node, kind: 'wrote' };
    this.addOnce(edge);
  }

  private addOnce(edge: GraphEdge): void {
    const key = `${edge.from}\n${edge.to}`;
    if (this.joined.has(key)) return;
    if (this.edges.length >= maxEdges) return void (this.truncated = true);
    this.joined.add(key);
    this.edges.push(edge);
  }
}

const timeOf = ({ end, startedAt }: StepStanding): number => (end?.at ?? startedAt)?.getTime() ?? 0;

/** Of each node that some steps wrote: how the newest of them stands. */
export function newestStatuses(steps: readonly StepStanding[]): Map<string, NodeStatus> {
  const ordered = [...steps].sort((a, b) => timeOf(a) - timeOf(b) || (a.runId < b.runId ? -1 : 1));
  return new Map(ordered.flatMap((step) => step.outputs.map((node) => [node, statusOf(step)] as const)));
}
