import { Injectable, Logger } from '@nestjs/common';
import { DatasetPermissions, type DatasetToken } from '../auth/index.js';
import type { Caller } from '../common/caller.js';
import { databaseAway } from '../database/mongo-errors.js';
import type { EventRequest, TraceOwner } from './compat/event-requests.js';
import { contentHashOf, foldedEvent, operationOf, toldContent, type WrittenContent } from './content/trace-content.js';
import { foldOf, type TraceFold } from './summary/trace-fold.js';
import { newTraceId } from './content/trace-ids.js';
import { TraceEventsStore } from './reading/trace-events.store.js';
import { TraceProjector } from './summary/trace-projector.js';
import { stepTypeOf } from './traces.events.js';
import { TraceAccessDeniedError, TraceNotFoundError, TraceNotStoredError } from './traces.errors.js';
import { type NewEvent, type StoredContent, type TraceHead, TracesStore } from './traces.store.js';

/** Who asks, and with which right. */
export interface TraceCaller {
  readonly token: DatasetToken;
  readonly caller: Caller;
}

/** An event with what it means for the summary. */
interface PreparedEvent {
  readonly event: NewEvent;
  readonly fold: TraceFold;
}

/**
 * Creation, appends and reads of traces, each for callers that may write the owning dataset.
 *
 * An event is stored first, and by that kept; its part in the summary follows in the same request. When that second step fails the event is acknowledged all
 * the same, because the consumer of trace events does it again.
 */
@Injectable()
export class TracesService {
  private readonly logger = new Logger('Traces');

  constructor(
    private readonly store: TracesStore,
    private readonly events: TraceEventsStore,
    private readonly projector: TraceProjector,
    private readonly permissions: DatasetPermissions,
  ) {}

  /**
   * Creates a trace, which belongs to the dataset of its first event for ever.
   * @returns its id
   * @throws TraceEventInvalidError, TraceAccessDeniedError, TraceNotStoredError
   */
  async create(request: EventRequest, { token, caller }: TraceCaller): Promise<string> {
    const owner = await this.ownerIn(request, token);
    await this.requireWrite(token, owner.datasetId);
    const written = request.creation();
    const { event, fold } = prepared(written, owner);
    const traceId = newTraceId(owner.datasetName);
    const { id, name } = caller.actor;
    const { datasetName, datasetVersion } = owner;
    const dataset = { datasetId: datasetName, datasetName, datasetVersion };
    const trace = { traceId, ...dataset, s3Path: event.s3Path, createdBy: { id, name }, state: 'running', fold } as const;
    try {
      await this.store.create(trace, event, { type: 'trace.started', to: 'STARTED', caller });
    } catch (error) {
      throw databaseAway(error) ? error : new TraceNotStoredError(written.content.domain_id ?? owner.datasetId, error);
    }
    return traceId;
  }

  /**
   * Appends an event to a trace. Safe to repeat: the same content is stored once.
   * @returns the event as it is stored
   * @throws TraceNotFoundError, TraceAccessDeniedError, TraceEventInvalidError, in this order
   */
  async append(traceId: string, request: EventRequest, by: TraceCaller): Promise<StoredContent> {
    const head = await this.headFor(traceId, by.token);
    const { event, fold } = prepared(request.step(), head);
    const stored = await this.store.append(head, event, { type: stepTypeOf(event), to: event.traceStatus, caller: by.caller });
    await this.projector.join(traceId, fold).catch((error: Error) => {
      this.logger.warn(`the summary of trace ${traceId} lags behind its event ${stored.traceEventId}: ${error.message}`);
    });
    return stored;
  }

  /**
   * The events of a trace in their order, in arrays of bounded size; at least one.
   * @throws TraceNotFoundError, TraceAccessDeniedError
   */
  async streamEvents(traceId: string, token: DatasetToken): Promise<AsyncGenerator<StoredContent[]>> {
    await this.headFor(traceId, token);
    return this.events.stream(traceId);
  }

  /**
   * The trace created last among those with an event of a path.
   * @param s3Path null where the caller named none, which is as one that nobody knows
   * @throws TraceNotFoundError, TraceAccessDeniedError
   */
  async findByS3Path(s3Path: string | null, token: DatasetToken): Promise<string> {
    const head = s3Path === null ? null : await this.store.findHeadByS3Path(s3Path);
    return (await this.permittedHead(head, s3Path ?? '', token)).traceId;
  }

  private async headFor(traceId: string, token: DatasetToken): Promise<TraceHead> {
    return this.permittedHead(await this.store.findHead(traceId), traceId, token);
  }

  private async permittedHead(head: TraceHead | null, searched: string, token: DatasetToken): Promise<TraceHead> {
    if (!head) {
      await this.requireAccepted(token);
      throw new TraceNotFoundError(searched);
    }
    await this.requireWrite(token, head.datasetId);
    return head;
  }

  private async ownerIn(request: EventRequest, token: DatasetToken): Promise<TraceOwner> {
    try {
      return request.owner();
    } catch (error) {
      await this.requireAccepted(token);
      throw error;
    }
  }

  /**
   * A token that the judge refuses is told so before anything else. With Keycloak nobody has judged it so far where there is no dataset to ask about; the
   * question that needs none brings that out. Its answer is remembered, and whatever it is, it changes nothing.
   * @see contracts/traces.md 2.4
   */
  private async requireAccepted(token: DatasetToken): Promise<void> {
    await this.permissions.isWhitelisted(token);
  }

  private async requireWrite(token: DatasetToken, datasetId: string): Promise<void> {
    if (await this.permissions.canWrite(token, datasetId)) return;
    if (!(await this.permissions.isWhitelisted(token))) throw new TraceAccessDeniedError();
  }
}

function prepared(written: WrittenContent, of: Pick<TraceHead, 'datasetName' | 'datasetVersion'>): PreparedEvent {
  const { content } = written;
  const { statedVersion, ...told } = toldContent(content, of.datasetName);
  const contentHash = contentHashOf(written);
  const folded = foldedEvent(content, contentHash);
  const event = {
    startTime: content.start_time,
    endTime: content.end_time,
    component: content.component,
    operation: operationOf(content),
    place: folded.start,
    contentHash,
    content: written.text,
    traceStatus: content.trace_status,
    traceEventStatus: content.trace_event_status,
    s3Path: content.s3_path ?? null,
    ...told,
    datasetVersion: statedVersion ?? of.datasetVersion,
  };
  return { event, fold: foldOf(folded) };
}
