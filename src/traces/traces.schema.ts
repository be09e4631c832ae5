import { Schema } from 'mongoose';
import type { Versioned } from '../database/change.js';
import { outboxIndex, schemaOptions, versionedPaths } from '../database/schema-options.js';
import type { TraceFold, TraceState } from './summary/trace-fold.js';

/** One event of a trace as it was received; never changed afterwards, but for its outbox. */
export interface TraceEventDocument extends Versioned {
  readonly _id: string;
  readonly traceId: string;
  /** Id that clients see; the same for all editions of an event. */
  readonly traceEventId: string;
  /** 0 for the first content received under an identity, one more for each further one. */
  readonly edition: number;
  /** As it was sent; with trace, component and operation the identity of the event. */
  readonly startTime: string;
  readonly endTime: string;
  readonly component: string;
  readonly operation: string;
  /** Place of `startTime` in the order of the trace. */
  readonly place: string;
  readonly contentHash: string;
  /** What the client sent, as JSON text with present names. */
  readonly content: string;
  readonly traceStatus: string;
  readonly traceEventStatus: string;
  readonly s3Path: string | null;
  /** Files that the step took in and put out, as far as an event of the platform names them. */
  readonly filesIn: readonly string[];
  readonly filesOut: readonly string[];
  /** Why it failed; null when it did not, or does not say. */
  readonly failureMessage: string | null;
  /** The owner of the trace, which never changes. */
  readonly datasetName: string;
  /** As the event states it, else as the trace does. */
  readonly datasetVersion: string | null;
  /** Of the trace. */
  readonly traceCreatedAt: Date;
  /** Database clock. */
  readonly receivedAt: Date;
}

/** The head of a trace: who owns it, and the projection of its events. */
export interface TraceDocument {
  readonly _id: string;
  readonly traceId: string;
  /** What permissions are asked for; fixed when the trace is created, never taken from an event. */
  readonly datasetId: string;
  readonly datasetName: string;
  readonly datasetVersion: string | null;
  /** The path of the creating event; null without one. */
  readonly s3Path: string | null;
  readonly createdBy: { readonly id: string; readonly name: string };
  /** Database clock. */
  readonly createdAt: Date;
  readonly state: TraceState;
  readonly fold: TraceFold;
}

const text = { type: String, required: true } as const;
/** May be empty, which `required` would refuse. */
const anyText = { type: String } as const;

const eventSchema = new Schema<TraceEventDocument>(
  {
    _id: text,
    ...versionedPaths,
    traceId: text,
    traceEventId: text,
    edition: { type: Number, required: true },
    startTime: text,
    endTime: anyText,
    component: anyText,
    operation: anyText,
    place: text,
    contentHash: text,
    content: text,
    traceStatus: anyText,
    traceEventStatus: anyText,
    s3Path: String,
    filesIn: [String],
    filesOut: [String],
    failureMessage: String,
    datasetName: text,
    datasetVersion: String,
    traceCreatedAt: { type: Date, required: true },
    receivedAt: { type: Date, required: true },
  },
  { ...schemaOptions, collection: 'traceEvents' },
);
// A repeat meets the first content of its identity here, another content of it the edition before.
eventSchema.index({ traceId: 1, startTime: 1, component: 1, operation: 1, edition: 1 }, { name: 'identity', unique: true });
// The events of a trace in their order.
eventSchema.index({ traceId: 1, place: 1, receivedAt: 1, _id: 1 }, { name: 'trace_order' });
// Editions beside the first: few, and needed before the events of a trace are shown.
eventSchema.index({ traceId: 1, edition: 1 }, { name: 'editions', partialFilterExpression: { edition: { $gt: 0 } } });
// The trace created last among those with an event of a path.
eventSchema.index({ s3Path: 1, traceCreatedAt: -1, traceId: 1 }, { name: 's3_path', partialFilterExpression: { s3Path: { $gt: '' } } });
// The relay.
eventSchema.index(...outboxIndex);

const mark = { start: String, component: String, operation: String, content: String } as const;
const names = { _id: false, names: [String], cut: Boolean } as const;
const foldPaths = {
  startedAt: Date,
  latest: { type: new Schema({ ...mark, traceStatus: String, traceEventStatus: String }, { ...schemaOptions, _id: false }) },
  finished: { type: new Schema({ ...mark, endedAt: Date }, { ...schemaOptions, _id: false }) },
  failed: { type: new Schema({ ...mark, endedAt: Date }, { ...schemaOptions, _id: false }) },
  failure: { type: new Schema({ ...mark, message: String }, { ...schemaOptions, _id: false }) },
  components: names,
  filesIn: names,
  filesOut: names,
};

const traceSchema = new Schema<TraceDocument>(
  {
    _id: text,
    traceId: text,
    datasetId: text,
    datasetName: text,
    datasetVersion: String,
    s3Path: String,
    createdBy: { id: String, name: String },
    createdAt: { type: Date, required: true },
    state: text,
    fold: foldPaths,
  },
  { ...schemaOptions, collection: 'traces' },
);
// One trace by its id; ids that begin with a text.
traceSchema.index({ traceId: 1 }, { name: 'traceId', unique: true });
// Lists by creation: all, and by each of the filters that are used alone.
traceSchema.index({ createdAt: 1, _id: 1 }, { name: 'created' });
traceSchema.index({ datasetName: 1, createdAt: 1, _id: 1 }, { name: 'dataset_created' });
traceSchema.index({ state: 1, createdAt: 1, _id: 1 }, { name: 'state_created' });
traceSchema.index({ 'fold.components.names': 1, createdAt: 1, _id: 1 }, { name: 'component_created' });
// Traces that were created for a file.
traceSchema.index({ s3Path: 1, createdAt: 1, _id: 1 }, { name: 's3_path_created', partialFilterExpression: { s3Path: { $gt: '' } } });

export const traceEventModel = { name: 'TraceEvent', schema: eventSchema };
export const traceModel = { name: 'Trace', schema: traceSchema };
