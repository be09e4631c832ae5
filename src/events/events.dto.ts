import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type Actor, roles } from '../common/caller.js';
import { pageOf } from '../common/http/page.js';

const nullableText = { type: String, nullable: true } as const;

/** Who made a change. */
class EventActorDto {
  @ApiProperty()
  id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty({ enum: [...roles, 'none', 'anonymous', 'system'] })
  role!: Actor['role'];

  @ApiProperty({ ...nullableText, description: 'Network address; null for the service itself.' })
  address!: string | null;
}

/** What an event tells: the history entry of the change, and the object in the terms of its feature. */
class EventDataDto {
  @ApiProperty({ type: 'integer', description: 'Version of the object after the change.' })
  version!: number;

  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty({ example: 'job.completed.v1' })
  type!: string;

  @ApiProperty({ ...nullableText, description: 'State before; null for a creation.' })
  from!: string | null;

  @ApiProperty()
  to!: string;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'array', items: {} }, description: 'Field: [before, after].' })
  changes!: Record<string, unknown>;

  @ApiProperty({ type: EventActorDto })
  actor!: EventActorDto;

  @ApiProperty(nullableText)
  reason!: string | null;

  @ApiProperty()
  requestId!: string;

  @ApiPropertyOptional({ description: 'Where the object is found.' })
  link?: string;

  @ApiPropertyOptional({ description: 'Jobs: state after the change.' })
  status?: string;

  @ApiPropertyOptional({ ...nullableText, description: 'Jobs.' })
  phase?: string | null;

  @ApiPropertyOptional({ description: 'Jobs and traces.' })
  datasetName?: string;

  @ApiPropertyOptional({ description: 'Jobs; null for a step of a trace that names none.', type: String, nullable: true })
  operation?: string | null;

  @ApiPropertyOptional({ ...nullableText, description: 'Jobs: why it failed.' })
  errorCode?: string | null;

  @ApiPropertyOptional({ ...nullableText, description: 'Jobs, null without one; traces, whose step is described by the members below.' })
  traceId?: string | null;

  @ApiPropertyOptional()
  component?: string;

  @ApiPropertyOptional()
  traceStatus?: string;

  @ApiPropertyOptional()
  traceEventStatus?: string;

  @ApiPropertyOptional({ type: [String], description: 'Files that the step took in, as many as there is room for.' })
  filesIn?: string[];

  @ApiPropertyOptional({ type: [String], description: 'Files that the step put out, as many as there is room for.' })
  filesOut?: string[];
}

/** An event as CloudEvents 1.0 JSON. */
class EventDto {
  @ApiProperty({ enum: ['1.0'] })
  specversion!: '1.0';

  @ApiProperty({ description: 'Id and version of the object; the same however often the event is delivered.' })
  id!: string;

  @ApiProperty({ example: '/api/v1' })
  source!: string;

  @ApiProperty({ example: 'job.completed.v1' })
  type!: string;

  @ApiProperty({ description: 'Path of the object, relative to the source.', example: 'jobs/7b0c' })
  subject!: string;

  @ApiProperty({ format: 'date-time' })
  time!: string;

  @ApiProperty({ enum: ['application/json'] })
  datacontenttype!: 'application/json';

  @ApiProperty({ type: 'integer', description: 'Place in the order of all events; nothing new appears below a number that was seen.' })
  seq!: number;

  @ApiProperty({ ...nullableText, description: 'W3C trace context of the request that made the change.' })
  traceparent!: string | null;

  @ApiProperty({ type: EventDataDto })
  data!: object;
}

/** A page of events. */
export class EventPageDto extends pageOf(EventDto) {}
