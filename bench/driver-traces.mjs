import { randomUUID } from 'node:crypto';
import { insertionFilter, insertionPipeline, operand, serverTime } from '../dist/database/change.js';
import { statementLimits, transactionOptions } from '../dist/database/connection-options.js';
import { contentHashOf, foldedEvent, toldContent } from '../dist/traces/content/trace-content.js';
import { foldOf } from '../dist/traces/summary/trace-fold.js';
import { newTraceId } from '../dist/traces/content/trace-ids.js';
import { projectionPipeline } from '../dist/traces/summary/trace-projection.js';
import { stepOf, uploadOf } from './trace-step.mjs';

const limits = { maxTimeMS: statementLimits.oneDocumentMs };
const caller = { actor: { id: 'issuer|worker', name: 'worker', role: 'worker', address: '127.0.0.1' }, requestId: 'bench' };
const headProjection = { _id: 0, traceId: 1, datasetId: 1, datasetName: 1, datasetVersion: 1, createdAt: 1 };

/** An event's document without its ids, as the service makes it, and its fold. */
function eventOf(content, { traceId, datasetName }) {
  const text = JSON.stringify(content);
  const contentHash = contentHashOf({ content, text, canonicalText: text });
  const folded = foldedEvent(content, contentHash);
  const { statedVersion, ...told } = toldContent(content, datasetName);
  const identity = { startTime: content.start_time, component: content.component, operation: content.operation };
  const statuses = { endTime: content.end_time, traceStatus: content.trace_status, traceEventStatus: content.trace_event_status };
  const document = {
    ...{ traceId, traceEventId: randomUUID(), edition: 0, ...identity, ...statuses, ...told, datasetName },
    ...{ place: folded.start, contentHash, content: text, s3Path: content.s3_path ?? null, datasetVersion: statedVersion ?? '1' },
    receivedAt: serverTime,
  };
  return { document, fold: foldOf(folded) };
}

/** The statements that the service sends for a trace, sent by the bare driver: the same documents, conditions and write concern. */
export class DriverTraces {
  /**
   * @param {import('mongoose').mongo.MongoClient} client
   * @param {string} database
   */
  constructor(client, database) {
    this.client = client;
    const db = client.db(database);
    [this.traces, this.events] = ['traces', 'traceEvents'].map((name) => db.collection(name));
  }

  /** Inserts a trace with its first event, in one transaction. @returns its id */
  async create(datasetName) {
    const traceId = newTraceId(datasetName);
    const { document, fold } = eventOf(
      { ...uploadOf(datasetName), trace_status: 'STARTED', trace_event_status: 'OK' },
      { traceId, datasetName },
    );
    const head = {
      traceId,
      datasetId: datasetName,
      datasetName,
      datasetVersion: '1',
      s3Path: document.s3Path,
      createdBy: { id: 'x', name: 'y' },
    };
    const fields = Object.entries({ _id: randomUUID(), ...head, state: 'running', fold }).map(([name, value]) => [name, operand(value)]);
    const trace = Object.fromEntries(fields);
    const session = this.client.startSession();
    try {
      await session.withTransaction(async () => {
        const pipeline = [{ $replaceWith: { ...trace, createdAt: '$$NOW' } }];
        const options = { upsert: true, returnDocument: 'after', projection: headProjection, session };
        const { createdAt } = await this.traces.findOneAndUpdate(insertionFilter(trace._id.$literal), pipeline, options);
        await this.#insert({ ...document, traceCreatedAt: createdAt }, 'trace.started', session);
      }, transactionOptions);
      return traceId;
    } finally {
      await session.endSession();
    }
  }

  async #insert(fields, type, session) {
    const document = { _id: randomUUID(), ...fields };
    const pipeline = insertionPipeline({ document, type, to: fields.traceStatus, caller });
    await this.events.updateOne(insertionFilter(document._id), pipeline, { upsert: true, ...(session && { session }) });
  }

  /** Looks for the trace, inserts the event, joins it into the summary. */
  async append(traceId, dataset, n) {
    const head = await this.traces.findOne({ traceId }, { ...limits, projection: headProjection });
    const { document, fold } = eventOf(stepOf(dataset, n), head);
    await this.#insert({ ...document, traceCreatedAt: head.createdAt }, 'trace.step');
    await this.traces.updateOne({ traceId }, projectionPipeline(fold));
  }
}
