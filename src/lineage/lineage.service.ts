import { Injectable } from '@nestjs/common';
import { unlessTooBroad } from '../database/mongo-errors.js';
import { dataAsNode, type GraphEdge, type GraphNode, type NodeStatus, runAsNode } from './graph/lineage-graph.js';
import { LineageWalk, maxNodes, newestStatuses } from './graph/lineage-walk.js';
import { LineageNodeNotFoundError } from './lineage.errors.js';
import { idOf, type Node } from './nodes.js';
import type { StepDocument } from './steps/steps.schema.js';
import { type Direction, StepsStore } from './steps/steps.store.js';

/** Where a walk starts, which way it goes, and how far. */
export interface WalkRequest {
  readonly node: Node;
  readonly direction: Direction;
  /** Steps that it goes through, one after the other. */
  readonly depth: number;
}

/** A part of the graph. */
export interface LineageAnswer {
  readonly node: string;
  readonly direction: Direction;
  readonly depth: number;
  /** True when there is more than the answer may hold. */
  readonly truncated: boolean;
  readonly nodes: GraphNode[];
  readonly edges: GraphEdge[];
}

/** Steps that are looked at for the start of a walk. */
const maxStarts = maxNodes + 1;

/** Walks the graph. */
@Injectable()
export class LineageService {
  constructor(private readonly steps: StepsStore) {}

  /**
   * What a node was made from (up), or what was made from it (down).
   * @throws LineageNodeNotFoundError when no step touches it; TooBroadError when the database takes too long
   */
  walk(request: WalkRequest): Promise<LineageAnswer> {
    return unlessTooBroad(async () => {
      const walk = new LineageWalk(request.direction);
      const { node } = request;
      const frontier =
        node.kind === 'dataset' || node.kind === 'file' ? await this.fromData(walk, request) : await this.fromRuns(walk, node);
      await this.follow(walk, frontier, request);
      if (walk.runs.size === 0) await this.requireKnown(idOf(node));
      return this.answer(walk, request);
    });
  }

  /** The start and, of a dataset without version, its versions; downwards also the files that were written as part of it. */
  private async fromData(walk: LineageWalk, { node, direction }: WalkRequest): Promise<Frontier> {
    const start = idOf(node);
    walk.meet(start, 0);
    const nodes = new Set([start]);
    if (node.kind === 'dataset' && (node.version === null || direction === 'down')) {
      const touching = await this.steps.findTouching(start, maxStarts);
      if (touching.length === maxStarts) walk.truncated = true;
      this.addVersions(walk, touching, nodes);
      if (direction === 'down') this.addFiles(walk, touching, nodes);
    }
    return { nodes: [...nodes], level: 1 };
  }

  private addVersions(walk: LineageWalk, touching: readonly StepDocument[], nodes: Set<string>): void {
    const [start] = nodes;
    for (const id of touching.flatMap(({ inputs, outputs }) => [...inputs, ...outputs])) {
      if (nodes.has(id) || !id.startsWith(`${start}@`) || !walk.meet(id, 0)) continue;
      nodes.add(id);
      walk.hold(start!, id);
    }
  }

  private addFiles(walk: LineageWalk, touching: readonly StepDocument[], nodes: Set<string>): void {
    for (const { outputs } of touching) {
      const dataset = outputs.find((id) => nodes.has(id) && id.startsWith('dataset:'));
      if (dataset === undefined) continue;
      for (const file of outputs.filter((id) => id.startsWith('file:') && !nodes.has(id))) {
        if (!walk.meet(file, 0)) return;
        nodes.add(file);
        walk.hold(dataset, file);
      }
    }
  }

  /** A node from which no step leads on may be one to which a step led. */
  private async requireKnown(start: string): Promise<void> {
    if ((await this.steps.findTouching(start, 1)).length === 0) throw new LineageNodeNotFoundError(start);
  }

  /** The runs themselves, and what they touched at the side where the walk goes. */
  private async fromRuns(walk: LineageWalk, node: Node): Promise<Frontier> {
    const id = idOf(node);
    const found = await (node.kind === 'run' ? this.steps.findOfRun(id, node.name, maxStarts) : this.steps.findOfParent(id, maxStarts));
    if (found.length === 0) throw new LineageNodeNotFoundError(id);
    return { nodes: walk.through(found, undefined, 1), level: 2 };
  }

  private async follow(walk: LineageWalk, { nodes, level }: Frontier, { direction, depth }: WalkRequest): Promise<void> {
    let frontier: readonly string[] = nodes;
    for (let distance = level; distance <= depth && frontier.length > 0; distance++) {
      const steps = await this.steps.findAt(frontier, direction, walk.stepsToRead);
      frontier = walk.through(steps, new Set(frontier), distance);
    }
  }

  private async answer(walk: LineageWalk, { node, direction, depth }: WalkRequest): Promise<LineageAnswer> {
    const statuses = await this.statusesOf(walk);
    const data = [...walk.data].map(([id, distance]) => dataAsNode(id, statuses.get(id) ?? null, distance));
    const runs = [...walk.runs.values()].map(({ step, distance }) => runAsNode(step, distance));
    return { node: idOf(node), direction, depth, truncated: walk.truncated, nodes: [...data, ...runs], edges: walk.edges };
  }

  /** How the files and datasets that the walk met were last written, by whichever run. */
  private async statusesOf({ data }: LineageWalk): Promise<Map<string, NodeStatus>> {
    return data.size === 0 ? new Map() : newestStatuses(await this.steps.findWriters([...data.keys()]));
  }
}

/** Nodes from which the walk goes on, and the distance of the next step. */
interface Frontier {
  readonly nodes: readonly string[];
  readonly level: number;
}
