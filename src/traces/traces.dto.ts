import { ApiProperty } from '@nestjs/swagger';
import { ListCountDto } from '../common/http/page.js';
import { type TraceState, traceStates } from './summary/trace-fold.js';

const nullableText = { type: String, nullable: true } as const;
const nullableInstant = { type: String, format: 'date-time', nullable: true } as const;

/** Free-form fields of an event: any JSON, null where nothing was sent. */
const anyJson = {
  anyOf: [
    { type: 'object', additionalProperties: true },
    { type: 'array', items: {} },
    ...(['string', 'number', 'boolean', 'null'] as const).map((type) => ({ type })),
  ],
};

/** Some names of a larger or smaller set. */
export class TraceNamesDto {
  @ApiProperty({ type: [String], description: 'In alphabetical order.' })
  names!: string[];

  @ApiProperty({ description: 'True when there are more than these.' })
  cut!: boolean;
}

/** The files of all steps of a trace. */
export class TraceFilesDto {
  @ApiProperty({ type: TraceNamesDto, description: 'Files that a step took in.' })
  in!: TraceNamesDto;

  @ApiProperty({ type: TraceNamesDto, description: 'Files that a step put out.' })
  out!: TraceNamesDto;

  @ApiProperty({ type: [String], description: 'Files that went in and that no step of the trace had put out: where it began.' })
  sources!: string[];

  @ApiProperty({ type: [String], description: 'Files that came out and that no step of the trace took in: where it ended.' })
  results!: string[];

  @ApiProperty({
    type: Boolean,
    nullable: true,
    description: 'True when an ended trace has not as many results as sources; null while it runs, or when a list is cut.',
  })
  mismatch!: boolean | null;
}

/** The first step that failed. */
export class FailedStepDto {
  @ApiProperty()
  component!: string;

  @ApiProperty(nullableText)
  operation!: string | null;

  @ApiProperty({ ...nullableText, description: 'The English text of its first error, else of another language, else its exception.' })
  message!: string | null;
}

/** Somebody, as a trace names its creator. */
export class TraceCreatorDto {
  @ApiProperty()
  id!: string;

  @ApiProperty()
  name!: string;
}

/** A trace: the way of one upload through a pipeline, summed up over its events. */
export class TraceDto {
  @ApiProperty()
  traceId!: string;

  @ApiProperty({ description: 'The dataset that owns the trace; fixed when it was created.' })
  datasetName!: string;

  @ApiProperty({ ...nullableText, description: 'As stated by the creating event.' })
  datasetVersion!: string | null;

  @ApiProperty({ ...nullableText, description: 'Path of the uploaded file, as stated by the creating event.' })
  s3Path!: string | null;

  @ApiProperty({ enum: traceStates, description: 'By the first end in the order of start times, whenever it arrived.' })
  state!: TraceState;

  @ApiProperty({ description: 'True when there are ends of both outcomes; the first one counts.' })
  contradictoryEnd!: boolean;

  @ApiProperty({ ...nullableInstant, description: 'Start of the first step.' })
  startedAt!: string | null;

  @ApiProperty({ ...nullableInstant, description: 'End of the step that ended the trace.' })
  endedAt!: string | null;

  @ApiProperty({ type: 'integer', nullable: true })
  durationMs!: number | null;

  @ApiProperty({ type: FailedStepDto, nullable: true })
  failedStep!: FailedStepDto | null;

  @ApiProperty({ type: TraceNamesDto, description: 'Components that took a step.' })
  components!: TraceNamesDto;

  @ApiProperty({ type: TraceFilesDto })
  files!: TraceFilesDto;

  @ApiProperty({ type: TraceCreatorDto })
  createdBy!: TraceCreatorDto;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;
}

/** A job that belongs to a trace. */
export class TraceJobDto {
  @ApiProperty({ format: 'uuid' })
  jobId!: string;

  @ApiProperty()
  operation!: string;

  @ApiProperty()
  status!: string;

  @ApiProperty({ description: 'True when the job carries the id of the trace; else it only has its dataset.' })
  sharesTrace!: boolean;

  @ApiProperty({ format: 'date-time' })
  createdAt!: string;

  @ApiProperty()
  link!: string;
}

/** One trace, with what it is linked to. */
export class TraceWithLinksDto extends TraceDto {
  @ApiProperty({ type: 'integer', description: 'Events received, counted up to 100 000.' })
  eventCount!: number;

  @ApiProperty({ type: [TraceJobDto], description: 'Jobs that carry its id, and the newest of its dataset; at most 20.' })
  jobs!: TraceJobDto[];

  @ApiProperty({ description: 'Its events, as pages.' })
  eventsLink!: string;
}

/** An event of a trace as it was received. */
export class TraceEventDto {
  @ApiProperty({ format: 'uuid' })
  traceEventId!: string;

  @ApiProperty({
    type: 'integer',
    description: '0 for the first content of the event; each further content received under the same identity has the next number.',
  })
  edition!: number;

  @ApiProperty({ description: 'As it was sent; trace, start time, component and operation are the identity of an event.' })
  startTime!: string;

  @ApiProperty({ description: 'As it was sent; not always a time.' })
  endTime!: string;

  @ApiProperty({ ...nullableInstant, description: 'Null when the start time is no time.' })
  startedAt!: string | null;

  @ApiProperty(nullableInstant)
  endedAt!: string | null;

  @ApiProperty()
  traceStatus!: string;

  @ApiProperty()
  traceEventStatus!: string;

  @ApiProperty()
  component!: string;

  @ApiProperty({
    ...anyJson,
    description:
      'As it was sent, as all free-form fields; null where nothing was sent. Integers beyond 2^53, and numbers too great for a double, are texts of their digits.',
  })
  operation!: unknown;

  @ApiProperty(anyJson)
  user!: unknown;

  @ApiProperty()
  domain!: string;

  @ApiProperty(nullableText)
  domainId!: string | null;

  @ApiProperty(nullableText)
  s3Path!: string | null;

  @ApiProperty({ ...anyJson, description: 'Milliseconds.' })
  duration!: unknown;

  @ApiProperty(anyJson)
  statusBody!: unknown;

  @ApiProperty(anyJson)
  meta!: unknown;

  @ApiProperty(anyJson)
  exception!: unknown;

  @ApiProperty(anyJson)
  errors!: unknown;

  @ApiProperty({ format: 'date-time', description: 'Database clock.' })
  receivedAt!: string;
}

const cursor = { type: String, nullable: true } as const;

/** A page of traces. */
export class TracePageDto {
  @ApiProperty({ type: [TraceDto] })
  items!: TraceDto[];

  @ApiProperty(cursor)
  nextCursor!: string | null;

  @ApiProperty(cursor)
  prevCursor!: string | null;

  @ApiProperty({ type: ListCountDto, required: false })
  count?: ListCountDto;
}

/** A page of the events of a trace, in the order of their start. */
export class TraceEventPageDto {
  @ApiProperty({ type: [TraceEventDto] })
  items!: TraceEventDto[];

  @ApiProperty(cursor)
  nextCursor!: string | null;

  @ApiProperty(cursor)
  prevCursor!: string | null;

  @ApiProperty({ type: ListCountDto, required: false })
  count?: ListCountDto;
}
