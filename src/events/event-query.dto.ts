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

const number = [IsOptional(), Transform(wholeNumber), Max(Number.MAX_SAFE_INTEGER), Min(0), IsInt()];

const filterRules: Readonly<Record<keyof EventFilterQuery, readonly PropertyDecorator[]>> = {
  topic: [ApiPropertyOptional(repeated('`job`, `trace`, `maintenance` or `worker`.')), IsAnyOf()],
  type: [ApiPropertyOptional(repeated('Such as `job.failed` or `job.failed.v1`.')), IsAnyOf()],
  subject: [ApiPropertyOptional(repeated('Such as `jobs/ID`.')), IsAnyOf()],
  dataset: [ApiPropertyOptional(repeatedParameter), IsAnyOf()],
  actor: [ApiPropertyOptional(repeated('Id of who made the change.')), IsAnyOf()],
  since: [ApiPropertyOptional({ ...instant, description: 'Not before this time.' }), IsOptional(), IsInstant()],
  until: [ApiPropertyOptional({ ...instant, description: 'Before this time.' }), IsOptional(), IsInstant()],
  afterSeq: [ApiPropertyOptional({ type: 'integer', minimum: 0, description: 'Only events with a higher number.' }), ...number],
};

/** Gives a query DTO the rules of the filter, which two queries share that have nothing else in common. */
const HasEventFilter = (): ClassDecorator => (target) => {
  for (const [name, rules] of Object.entries(filterRules)) for (const rule of rules) rule(target.prototype as object, name);
};

/** Query of GET events/stream. */
@HasEventFilter()
export class EventStreamQueryDto implements EventFilterQuery {
  topic?: AnyOf;
  type?: AnyOf;
  subject?: AnyOf;
  dataset?: AnyOf;
  actor?: AnyOf;
  since?: string;
  until?: string;
  afterSeq?: number;
}

/** Query of GET events. */
@HasEventFilter()
export class EventListQueryDto extends PageQueryDto implements EventFilterQuery {
  topic?: AnyOf;
  type?: AnyOf;
  subject?: AnyOf;
  dataset?: AnyOf;
  actor?: AnyOf;
  since?: string;
  until?: string;
  afterSeq?: number;

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
