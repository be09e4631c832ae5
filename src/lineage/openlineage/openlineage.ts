/** States of a run, as events of OpenLineage tell them. @see https://openlineage.io/docs/spec/run-cycle */
export const runEventTypes = ['START', 'RUNNING', 'COMPLETE', 'ABORT', 'FAIL', 'OTHER'] as const;
export type RunEventType = (typeof runEventTypes)[number];

/** Any facet: two fields that each has, and its own. */
export interface Facet {
  readonly _producer: string;
  readonly _schemaURL: string;
  readonly [field: string]: unknown;
}

export type Facets = Readonly<Record<string, Facet>>;

export interface OpenLineageDataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Facets;
  readonly inputFacets?: Facets;
  readonly outputFacets?: Facets;
}

export interface OpenLineageJob {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Facets;
}

interface BaseEvent {
  /** RFC 3339 with a zone. */
  readonly eventTime: string;
  readonly producer: string;
  readonly schemaURL: string;
}

/** Something happened to a run. */
export interface RunEvent extends BaseEvent {
  readonly eventType?: RunEventType;
  readonly run: { readonly runId: string; readonly facets?: Facets };
  readonly job: OpenLineageJob;
  readonly inputs?: readonly OpenLineageDataset[];
  readonly outputs?: readonly OpenLineageDataset[];
}

/** What a job is, outside of any run. */
export interface JobEvent extends BaseEvent {
  readonly job: OpenLineageJob;
  readonly inputs?: readonly OpenLineageDataset[];
  readonly outputs?: readonly OpenLineageDataset[];
}

/** What a dataset is, outside of any run. */
export interface DatasetEvent extends BaseEvent {
  readonly dataset: OpenLineageDataset;
}

export type OpenLineageEvent = RunEvent | JobEvent | DatasetEvent;

/** The three kinds of events; which one it is follows from what it has. */
export const eventKinds = ['run', 'job', 'dataset'] as const;
export type EventKind = (typeof eventKinds)[number];

/** True for an event that something happened to a run. */
export const isRunEvent = (event: OpenLineageEvent): event is RunEvent => 'run' in event;

/** The kind of an event that fits the schema. */
export function kindOf(event: OpenLineageEvent): EventKind {
  if (isRunEvent(event)) return 'run';
  return 'job' in event ? 'job' : 'dataset';
}

/** Where the published schemas of the specification are. */
export const specification = 'https://openlineage.io/spec';
/** The version of the specification that is spoken here. */
export const specificationVersion = '2-0-2';
