import type { LineageAnswer } from '../lineage.service.js';
import type { GraphNode } from './lineage-graph.js';

/** The forms of a graph for people and their tools. */
export const graphFormats = ['json', 'dot', 'mermaid'] as const;
export type GraphFormat = (typeof graphFormats)[number];

/** Of each form but JSON; the second as IANA has it. */
export const graphMediaTypes = { dot: 'text/vnd.graphviz', mermaid: 'text/vnd.mermaid' } as const satisfies Partial<
  Record<GraphFormat, string>
>;

const maxLabelCharacters = 120;
const strange = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029]/gu;

/** What stands in a node: what it is, its name and version, and how it stands. Without control and bidirectional characters, and not too long. */
function labelOf({ kind, name, namespace, version, status }: GraphNode): string {
  const place = namespace === null ? '' : `${namespace} `;
  const stated = version === null ? '' : ` @ ${version}`;
  const text = `${kind}: ${place}${name}${stated}${status === null ? '' : ` (${status})`}`.replace(strange, ' ');
  return text.length > maxLabelCharacters ? `${text.slice(0, maxLabelCharacters - 1).toWellFormed()}…` : text;
}

/** Names of our own for the nodes of a drawing: what came from outside stands in labels only. */
const namesOf = ({ nodes }: LineageAnswer): ReadonlyMap<string, string> => new Map(nodes.map(({ id }, index) => [id, `n${index}`]));

const edgeLabel = { read: 'read by', wrote: 'wrote', holds: 'holds' } as const;

/** In a double-quoted string of DOT only the quote ends it, and a backslash begins an escape of the drawing program. */
const dotText = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

const dotShape: Record<GraphNode['kind'], string> = { dataset: 'cylinder', file: 'note', run: 'box', trace: 'box', job: 'box' };
const dotColour = { completed: 'darkgreen', failed: 'firebrick', aborted: 'darkorange', running: 'steelblue' } as const;

/** The graph for Graphviz. @see https://graphviz.org/doc/info/lang.html */
export function dotOf(answer: LineageAnswer): string {
  const names = namesOf(answer);
  const nodes = answer.nodes.map((node) => {
    const colour = node.status === null ? '' : `, color=${dotColour[node.status]}`;
    const border = node.distance === 0 ? ', penwidth=2' : '';
    return `  ${names.get(node.id)} [label=${dotText(labelOf(node))}, shape=${dotShape[node.kind]}${colour}${border}];`;
  });
  const edges = answer.edges.map(({ from, to, kind }) => `  ${names.get(from)} -> ${names.get(to)} [label=${dotText(edgeLabel[kind])}];`);
  const cut = answer.truncated ? ['  label="There is more than this drawing shows.";'] : [];
  return ['digraph lineage {', '  rankdir=LR;', ...cut, ...nodes, ...edges, '}', ''].join('\n');
}

/** In a quoted text of Mermaid everything but plain words is written as a character reference, so that nothing in it can be markup. */
const mermaidText = (text: string): string =>
  `"${text.replace(/[^\p{L}\p{N} ._:/=+@()-]/gu, (character) => `#${character.codePointAt(0)};`)}"`;

const mermaidShape: Record<GraphNode['kind'], readonly [string, string]> = {
  dataset: ['[(', ')]'],
  file: ['>', ']'],
  run: ['[', ']'],
  trace: ['[', ']'],
  job: ['[', ']'],
};

/** The graph for Mermaid. @see https://mermaid.js.org/syntax/flowchart.html */
export function mermaidOf(answer: LineageAnswer): string {
  const names = namesOf(answer);
  const nodes = answer.nodes.map((node) => {
    const [open, close] = mermaidShape[node.kind];
    const state = node.status === null ? '' : `:::${node.status}`;
    return `  ${names.get(node.id)}${open}${mermaidText(labelOf(node))}${close}${state}`;
  });
  const edges = answer.edges.map(({ from, to, kind }) => `  ${names.get(from)} -- ${edgeLabel[kind]} --> ${names.get(to)}`);
  const cut = answer.truncated ? ['  cut["There is more than this drawing shows"]'] : [];
  const styles = [
    'classDef completed stroke:#060',
    'classDef failed stroke:#b00,stroke-width:3px',
    'classDef aborted stroke:#c60',
    'classDef running stroke:#06c',
  ];
  return ['flowchart LR', ...styles.map((line) => `  ${line}`), ...cut, ...nodes, ...edges, ''].join('\n');
}

/** The graph as text. */
export const graphTextOf = (answer: LineageAnswer, format: Exclude<GraphFormat, 'json'>): string =>
  format === 'dot' ? dotOf(answer) : mermaidOf(answer);
