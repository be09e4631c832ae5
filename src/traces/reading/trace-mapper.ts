import { readWithDigits } from '../../common/exact-json.js';
import type { EventContent } from '../content/trace-content.js';
import { type BoundedNames, endOf, type TraceFold } from '../summary/trace-fold.js';
import { dateIn } from '../content/trace-time.js';
import type { ListedEvent } from './trace-events.store.js';
import type { FailedStepDto, TraceDto, TraceEventDto, TraceFilesDto, TraceNamesDto } from '../traces.dto.js';
import type { TraceDocument } from '../traces.schema.js';

const isoOrNull = (at: Date | null): string | null => at?.toISOString() ?? null;

const namesDtoOf = ({ names, cut }: BoundedNames): TraceNamesDto => ({ names: [...names], cut });

/** Where the files of a trace came from and went to, over all of its steps. */
function filesDtoOf({ filesIn, filesOut }: TraceFold, ended: boolean): TraceFilesDto {
  const [taken, put] = [new Set(filesIn.names), new Set(filesOut.names)];
  const sources = filesIn.names.filter((name) => !put.has(name));
  const results = filesOut.names.filter((name) => !taken.has(name));
  const known = ended && !filesIn.cut && !filesOut.cut;
  return {
    in: namesDtoOf(filesIn),
    out: namesDtoOf(filesOut),
    sources,
    results,
    mismatch: known ? sources.length !== results.length : null,
  };
}

const failedStepOf = ({ failure }: TraceFold): FailedStepDto | null =>
  failure && { component: failure.component, operation: failure.operation || null, message: failure.message };

/** A trace as the native API shows it. */
export function traceDtoOf(trace: TraceDocument): TraceDto {
  const { traceId, datasetName, datasetVersion, s3Path, state, fold, createdBy } = trace;
  const end = endOf(fold);
  const endedAt = end?.endedAt ?? null;
  return {
    ...{ traceId, datasetName, datasetVersion, s3Path, state },
    contradictoryEnd: fold.finished !== null && fold.failed !== null,
    startedAt: isoOrNull(fold.startedAt),
    endedAt: isoOrNull(endedAt),
    durationMs: fold.startedAt && endedAt ? endedAt.getTime() - fold.startedAt.getTime() : null,
    failedStep: failedStepOf(fold),
    components: namesDtoOf(fold.components),
    files: filesDtoOf(fold, end !== null),
    createdBy: { id: createdBy.id, name: createdBy.name },
    createdAt: trace.createdAt.toISOString(),
  };
}

const orNull = (value: unknown): unknown => value ?? null;

/** An event as the native API shows it: numbers beyond JavaScript's as texts; the old API shows them as they were sent. */
export function traceEventDtoOf({ traceEventId, edition, startTime, content: text, receivedAt }: ListedEvent): TraceEventDto {
  const content = readWithDigits(text) as EventContent;
  const { component, domain, trace_status: traceStatus, trace_event_status: traceEventStatus, end_time: endTime } = content;
  const times = { startTime, endTime, startedAt: isoOrNull(dateIn(startTime)), endedAt: isoOrNull(dateIn(endTime)) };
  return {
    ...{ traceEventId, edition, ...times, traceStatus, traceEventStatus, component, domain },
    operation: orNull(content.operation),
    user: orNull(content.user),
    domainId: content.domain_id ?? null,
    s3Path: content.s3_path ?? null,
    duration: orNull(content.duration),
    statusBody: orNull(content.status_body),
    meta: orNull(content.meta),
    exception: orNull(content.exception),
    errors: orNull(content.errors),
    receivedAt: receivedAt.toISOString(),
  };
}
