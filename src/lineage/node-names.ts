import { type DatasetName, datasetNode, fileNode, type Node } from './nodes.js';
import type { OpenLineageDataset } from './openlineage/openlineage.js';

/** A dataset as OpenLineage names it, without what is said of it. */
export type DatasetAddress = Pick<OpenLineageDataset, 'namespace' | 'name'> & { readonly version: string | null };

/**
 * Translates between nodes and the names of OpenLineage, which knows datasets only: the platform's own datasets are in its namespace, its files in that one with
 * `/files` behind it. So what goes out and comes back is the same node.
 */
export class NodeNames {
  private readonly files: string;

  /** @param namespace the setting `OPENLINEAGE_NAMESPACE` */
  constructor(readonly namespace: string) {
    this.files = `${namespace}/files`;
  }

  /** The node that an OpenLineage dataset is, in the version that its facet states. */
  nodeOf({ namespace, name, facets }: OpenLineageDataset): string {
    const stated = facets?.['version']?.['datasetVersion'];
    return this.nodeAt({ namespace, name, version: typeof stated === 'string' ? stated : null });
  }

  /** The node of a dataset that is named as OpenLineage does. */
  nodeAt({ namespace, name, version }: DatasetAddress): string {
    if (namespace === this.files) return fileNode(name);
    return datasetNode({ namespace: namespace === this.namespace ? null : namespace, name, version });
  }

  /** The name of a file or dataset in OpenLineage; null for other nodes. */
  addressOf(node: Node): DatasetAddress | null {
    if (node.kind === 'file') return { namespace: this.files, name: node.name, version: null };
    return node.kind === 'dataset' ? this.addressOfDataset(node) : null;
  }

  private addressOfDataset({ namespace, name, version }: DatasetName): DatasetAddress {
    return { namespace: namespace ?? this.namespace, name, version };
  }
}
