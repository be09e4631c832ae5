import { uuidInTraceId } from '../traces/index.js';

/** What a node of the graph can stand for. `trace` and `job` stand for all of their runs. */
export const nodeKinds = ['dataset', 'file', 'run', 'trace', 'job'] as const;
export type NodeKind = (typeof nodeKinds)[number];

/** A dataset as events name it. */
export interface DatasetName {
  /** Null: the platform's own datasets, as jobs and traces name them. */
  readonly namespace: string | null;
  readonly name: string;
  /** As an event stated it; null where none was. */
  readonly version: string | null;
}

/** A node, taken apart. */
export type Node =
  ({ readonly kind: 'dataset' } & DatasetName) | { readonly kind: 'file' | 'run' | 'trace' | 'job'; readonly name: string };

const reserved = /[%#@]/g;
const escaped = (text: string): string => text.replace(reserved, (character) => `%${character.charCodeAt(0).toString(16)}`);
const unescaped = (text: string): string =>
  text.replace(/%(25|23|40)/g, (_match, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

/**
 * The id of a dataset: `dataset:NAME`, `dataset:NAME@VERSION`, `dataset:NAMESPACE#NAME@VERSION`. In the parts `%`, `#` and `@` are written `%25`, `%23`, `%40`.
 */
export function datasetNode({ namespace, name, version }: DatasetName): string {
  const place = namespace === null ? '' : `${escaped(namespace)}#`;
  return `dataset:${place}${escaped(name)}${version === null ? '' : `@${escaped(version)}`}`;
}

/** The id of a file. */
export const fileNode = (path: string): string => `file:${path}`;
/** The id of a run. */
export const runNode = (runId: string): string => `run:${runId.toLowerCase()}`;
/** A trace's id, or the UUID at its end alone, by which jobs know it: the same trace. */
const traceName = (traceId: string): string => uuidInTraceId(traceId) ?? traceId;
/** The id that stands for the runs of a trace, its jobs' attempts included. */
export const traceNode = (traceId: string): string => `trace:${traceName(traceId)}`;
/** The id that stands for the attempts of a job. */
export const jobNode = (jobId: string): string => `job:${jobId}`;

const datasetForm = /^(?:([^#@]*)#)?([^#@]+)(?:@([^#@]+))?$/;

/** The node that an id names; null when it has no such form. */
export function parseNode(id: string): Node | null {
  const colon = id.indexOf(':');
  const [kind, rest] = [id.slice(0, colon) as NodeKind, id.slice(colon + 1)];
  if (colon < 0 || rest === '' || !nodeKinds.includes(kind)) return null;
  if (kind === 'run') return { kind, name: rest.toLowerCase() };
  if (kind === 'trace') return { kind, name: traceName(rest) };
  if (kind !== 'dataset') return { kind, name: rest };
  const parts = datasetForm.exec(rest);
  if (!parts) return null;
  const [, namespace, name, version] = parts;
  return { kind, namespace: orNull(namespace), name: unescaped(name!), version: orNull(version) };
}

const orNull = (text: string | undefined): string | null => (text === undefined ? null : unescaped(text));

/** The id of a node, in the one spelling under which it is stored. */
export const idOf = (node: Node): string => (node.kind === 'dataset' ? datasetNode(node) : `${node.kind}:${node.name}`);
