import { Option } from 'commander';
import { positiveInteger } from '../global-flags.js';
import type { Invocation } from '../invocation.js';
import type { Column } from '../output/column.js';
import { paintedStatus } from '../output/paint.js';
import { ago, shown, visible } from '../output/text.js';
import { verb, type Verb } from '../verb.js';

interface LineageFlags {
  readonly depth?: number;
  readonly format?: 'dot' | 'mermaid';
}

type Item = Readonly<Record<string, unknown>>;

interface Graph {
  readonly truncated: boolean;
  readonly nodes: readonly Item[];
}

const columns: readonly Column[] = [
  { title: 'STEPS', path: 'distance' },
  { title: 'NODE', path: 'id' },
  { title: 'STATUS', path: 'status', show: ({ status }, paint) => paintedStatus(shown(status), paint) },
  { title: 'WHAT', path: 'name', show: ({ kind, name }) => (kind === 'run' ? visible(String(name)) : '-') },
  { title: 'ENDED', path: 'endedAt', show: ({ endedAt }) => (endedAt === null ? '-' : ago(endedAt)) },
];

const lineagePath = '/api/v1/lineage';

async function walk(invocation: Invocation, query: { node: string; direction: string } & LineageFlags): Promise<void> {
  const { printer } = invocation;
  if (query.format) return printer.line((await textOf(invocation, query)).trimEnd());
  const graph = await invocation.request<Graph>('GET', lineagePath, { query: { ...query } });
  const nearestFirst = [...graph.nodes].sort((a, b) => Number(a['distance']) - Number(b['distance']));
  if (printer.format === 'json') printer.one(graph);
  else if (printer.format === 'human') await printer.page({ items: nearestFirst }, columns);
  else for (const node of nearestFirst) printer.item(node, columns);
  if (graph.truncated) printer.note('There is more than this: an answer has at most 2,000 nodes. Walk on from one of them, or less far.');
}

async function textOf(invocation: Invocation, query: { node: string; direction: string } & LineageFlags): Promise<string> {
  const response = await (await invocation.client()).send({ path: lineagePath, query: { ...query } });
  return response.text();
}

const options = (): Option[] => [
  new Option('--depth <n>', 'steps, one after the other: 1 to 10 (default: 1)').argParser(positiveInteger),
  new Option('--format <format>', 'as a drawing: for Graphviz or Mermaid').choices(['dot', 'mermaid']),
];

/** `signalbox lineage`. */
export const lineageVerbs: readonly Verb[] = [
  verb({
    name: 'up',
    args: '<node>',
    summary: 'What a dataset, a file or a run was made from.',
    options: options(),
    examples: ['lineage up dataset:ROAD_TRAFFIC', 'lineage up dataset:ROAD_TRAFFIC --depth 3 --format mermaid'],
    run: (invocation, [node], flags: LineageFlags) => walk(invocation, { node: node ?? '', direction: 'up', ...flags }),
  }),
  verb({
    name: 'down',
    args: '<node>',
    summary: 'What was made from a dataset, a file or a run.',
    options: options(),
    examples: ['lineage down file:input/ROAD_TRAFFIC.tar --depth 2', 'lineage down dataset:ROAD_TRAFFIC --json'],
    run: (invocation, [node], flags: LineageFlags) => walk(invocation, { node: node ?? '', direction: 'down', ...flags }),
  }),
];
