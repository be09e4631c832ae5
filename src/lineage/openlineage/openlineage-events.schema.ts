import { Schema } from 'mongoose';
import type { Versioned } from '../../database/change.js';
import { outboxIndex, schemaOptions, versionedPaths } from '../../database/schema-options.js';
import type { EventKind } from './openlineage.js';

/** An event of OpenLineage as it was received; never changed. */
export interface OpenLineageEventDocument extends Versioned {
  readonly _id: string;
  /** Fingerprint of the content, whatever the order of its keys; unique. */
  readonly contentHash: string;
  readonly kind: EventKind;
  /** JSON text of the whole event, unknown facets included. */
  readonly raw: string;
  readonly runId: string | null;
  readonly eventType: string | null;
  /** As the event states it. */
  readonly eventTime: string;
  readonly jobNamespace: string | null;
  readonly jobName: string | null;
  /** Database clock. */
  readonly receivedAt: Date;
}

const schema = new Schema<OpenLineageEventDocument>(
  {
    _id: { type: String, required: true },
    ...versionedPaths,
    contentHash: { type: String, required: true },
    kind: { type: String, required: true },
    raw: { type: String, required: true },
    runId: String,
    eventType: String,
    eventTime: { type: String, required: true },
    jobNamespace: String,
    jobName: String,
    receivedAt: { type: Date, required: true },
  },
  { ...schemaOptions, collection: 'openlineageEvents' },
);
// A repeated event.
schema.index({ contentHash: 1 }, { name: 'content', unique: true });
// The relay.
schema.index(...outboxIndex);

export const openLineageEventModel = { name: 'OpenLineageEvent', schema };
