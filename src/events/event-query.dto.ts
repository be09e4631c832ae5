import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { type AnyOf, IsAnyOf, repeatedParameter } from '../common/http/any-of.js';
import { IsInstant } from '../common/http/dto-rules.js';
import { PageQueryDto } from '../common/http/page.js';
import type { EventFilter } from './event-filter.js';
import { storedType } from './event-types.js';

export const eventSorts = ['-seq', 'seq'] as const;
export type EventSort = (typeof eventSorts)[number];

const repeated = (what: string) => ({ ...repeatedParameter, description: `${what} ${repeatedParameter.description}` });
const instant = { type: String, format: 'date-time' } as const;

/** A whole number written as text; other text stays as it is and fails validation. */
const wholeNumber = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;

/** Which events, as a query says it. */
interface EventFilterQuery {
  topic?: AnyOf;
  type?: AnyOf;
  subject?: AnyOf;
  dataset?: AnyOf;
  actor?: AnyOf;
  since?: string;
  until?: string;
  afterSeq?: number;
}

/** A query class with the members of the filter beside those of another one. */
function withEventFilter<B extends object>(Base: new () => B): new () => B & EventFilterQuery {
  class FilteredQueryDto extends (Base as new () => object) implements EventFilterQuery {
    @ApiPropertyOptional(repeated('`job`, `trace`, `maintenance`, `worker`, `importable` or `openlineage`.'))
    @IsAnyOf()
    topic?: AnyOf;

    @ApiPropertyOptional(repeated('Such as `job.failed` or `job.failed.v1`.'))
    @IsAnyOf()
    type?: AnyOf;

    @ApiPropertyOptional(repeated('Such as `jobs/ID`.'))
    @IsAnyOf()
    subject?: AnyOf;

    @ApiPropertyOptional(repeatedParameter)
    @IsAnyOf()
    dataset?: AnyOf;

    @ApiPropertyOptional(repeated('Id of who made the change.'))
    @IsAnyOf()
    actor?: AnyOf;

    @ApiPropertyOptional({ ...instant, description: 'Not before this time.' })
    @IsOptional()
    @IsInstant()
    since?: string;

    @ApiPropertyOptional({ ...instant, description: 'Before this time.' })
    @IsOptional()
    @IsInstant()
    until?: string;

    @ApiPropertyOptional({ type: 'integer', minimum: 0, description: 'Only events with a higher number.' })
    @IsOptional()
    @Transform(wholeNumber)
    @Max(Number.MAX_SAFE_INTEGER)
    @Min(0)
    @IsInt()
    afterSeq?: number;
  }
  return FilteredQueryDto as new () => B & EventFilterQuery;
}

/** Query of GET events/stream. */
export class EventStreamQueryDto extends withEventFilter(Object) {}

/** Query of GET events. */
export class EventListQueryDto extends withEventFilter(PageQueryDto) {
  @ApiPropertyOptional({ enum: eventSorts, description: 'By number. Default: newest first; with `afterSeq` oldest first.' })
  @IsOptional()
  @IsIn(eventSorts)
  sort?: EventSort;
}

const storedTypes = ({ wanted, refused }: AnyOf): AnyOf => ({ wanted: wanted.map(storedType), refused: refused.map(storedType) });

/** The filter that a query asks for. */
export function filterOf({ topic, type, subject, dataset, actor, since, until }: EventFilterQuery): EventFilter {
  return {
    ...(topic && { topic }),
    ...(type && { type: storedTypes(type) }),
    ...(subject && { subject }),
    ...(dataset && { dataset }),
    ...(actor && { actor }),
    ...(since !== undefined && { since: new Date(since) }),
    ...(until !== undefined && { until: new Date(until) }),
  };
}
