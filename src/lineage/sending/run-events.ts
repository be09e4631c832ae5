import type { NodeNames } from '../node-names.js';
import { parseNode } from '../nodes.js';
import {
  type Facet,
  type Facets,
  type OpenLineageDataset,
  type RunEvent,
  type RunEventType,
  specification,
  specificationVersion,
} from '../openlineage/openlineage.js';

/** A run, and the job of which it is one. */
export interface RunAddress {
  readonly runId: string;
  /** In the platform's namespace. */
  readonly jobName: string;
}

/** What is known of what was written to a dataset; null where it is not. */
export interface OutputCounts {
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly files: number | null;
}

/** What is to be told of a run. */
export interface RunNews extends RunAddress {
  readonly eventType: RunEventType;
  readonly at: Date;
  /** Null for a run of its own. */
  readonly parent: RunAddress | null;
  /** What kind of job it is, such as `JOB` or `STEP`. */
  readonly jobType: string;
  /** Why it failed or was broken off; null where nobody said. */
  readonly error?: string | null;
  /** Ids of nodes. */
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  /** Of the first output. */
  readonly counts?: OutputCounts;
}

/** Versions of the facets that are sent, as the specification publishes them. */
const facetVersions = {
  ParentRunFacet: '1-2-0',
  ErrorMessageRunFacet: '1-0-1',
  ProcessingEngineRunFacet: '1-1-1',
  JobTypeJobFacet: '2-0-4',
  DatasetVersionDatasetFacet: '1-0-1',
  OutputStatisticsOutputDatasetFacet: '1-0-2',
} as const;

const maxErrorCharacters = 2_000;

/** Makes the events that OpenLineage's readers get. */
export class RunEvents {
  private readonly producer: string;

  /** @param version of this service */
  constructor(
    private readonly names: NodeNames,
    private readonly version: string,
  ) {
    this.producer = `urn:signalbox:${version}`;
  }

  /** An event of a run. */
  of(news: RunNews): RunEvent {
    const { eventType, at, runId, jobName, jobType, inputs = [], outputs = [], counts } = news;
    const type = this.facet('JobTypeJobFacet', { processingType: 'BATCH', integration: 'SIGNALBOX', jobType });
    return {
      eventType,
      eventTime: at.toISOString(),
      run: { runId, facets: this.runFacets(news) },
      job: { ...this.jobAt(jobName), facets: { jobType: type } },
      inputs: inputs.flatMap((node) => this.datasetOf(node) ?? []),
      outputs: outputs.flatMap((node, index) => this.withCounts(this.datasetOf(node), index === 0 ? counts : undefined) ?? []),
      producer: this.producer,
      schemaURL: `${specification}/${specificationVersion}/OpenLineage.json#/$defs/RunEvent`,
    };
  }

  private runFacets({ parent, error }: RunNews): Facets {
    const engine = this.facet('ProcessingEngineRunFacet', { version: this.version, name: 'Signalbox' });
    return {
      processing_engine: engine,
      ...(parent && { parent: this.facet('ParentRunFacet', { run: { runId: parent.runId }, job: this.jobAt(parent.jobName) }) }),
      ...(error && {
        errorMessage: this.facet('ErrorMessageRunFacet', {
          message: error.slice(0, maxErrorCharacters).toWellFormed(),
          programmingLanguage: 'unknown',
        }),
      }),
    };
  }

  private jobAt(name: string): { namespace: string; name: string } {
    return { namespace: this.names.namespace, name };
  }

  private datasetOf(id: string): OpenLineageDataset | null {
    const node = parseNode(id);
    const address = node && this.names.addressOf(node);
    if (!address) return null;
    const { namespace, name, version } = address;
    if (version === null) return { namespace, name };
    return { namespace, name, facets: { version: this.facet('DatasetVersionDatasetFacet', { datasetVersion: version }) } };
  }

  private withCounts(dataset: OpenLineageDataset | null, counts: OutputCounts | undefined): OpenLineageDataset | null {
    if (!dataset || !counts) return dataset;
    const { rows, bytes, files } = counts;
    const known = {
      ...(rows !== null && { rowCount: rows }),
      ...(bytes !== null && { size: bytes }),
      ...(files !== null && { fileCount: files }),
    };
    if (Object.keys(known).length === 0) return dataset;
    return { ...dataset, outputFacets: { outputStatistics: this.facet('OutputStatisticsOutputDatasetFacet', known) } };
  }

  private facet(name: keyof typeof facetVersions, fields: object): Facet {
    return {
      _producer: this.producer,
      _schemaURL: `${specification}/facets/${facetVersions[name]}/${name}.json#/$defs/${name}`,
      ...fields,
    };
  }
}
