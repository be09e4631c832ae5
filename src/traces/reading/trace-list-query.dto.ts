import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import { type AnyOf, filterText, IsAnyOf, repeatedParameter as repeated } from '../../common/http/any-of.js';
import { IsInstant } from '../../common/http/dto-rules.js';
import { PageQueryDto } from '../../common/http/page.js';
import type { TraceFilter } from './trace-filter.js';
import { traceStates } from '../summary/trace-fold.js';
import { traceSorts, type TraceSort } from './trace-lists.store.js';

/** Query of GET traces. */
export class TraceListQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ enum: traceSorts, default: '-createdAt' })
  @IsOptional()
  @IsIn(traceSorts)
  sort?: TraceSort;

  @ApiPropertyOptional(repeated)
  @IsAnyOf()
  dataset?: AnyOf;

  @ApiPropertyOptional({ ...repeated, description: `Components that took a step. ${repeated.description}` })
  @IsAnyOf()
  component?: AnyOf;

  @ApiPropertyOptional({ ...repeated, enum: traceStates })
  @IsAnyOf(traceStates)
  state?: TraceFilter['state'];

  @ApiPropertyOptional({ description: 'Path of the uploaded file, exactly.', maxLength: 1_024 })
  @IsOptional()
  @IsString()
  @Length(1, 1_024)
  s3Path?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'By the start time of the first step.' })
  @IsOptional()
  @IsInstant()
  startedAfter?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @IsInstant()
  startedBefore?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @IsInstant()
  createdAfter?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @IsInstant()
  createdBefore?: string;

  @ApiPropertyOptional({ description: 'Beginning of a trace id, of a dataset name, or of the path of the uploaded file.', maxLength: 255 })
  @IsOptional()
  @IsString()
  @Length(1, 255)
  @Matches(filterText, { message: 'q must be text without control characters' })
  q?: string;
}

const dateOf = (text: string | undefined): Date | undefined => (text === undefined ? undefined : new Date(text));

/** The filter that a query asks for. */
export function filterOf(query: TraceListQueryDto): TraceFilter {
  const { limit: _limit, cursor: _cursor, count: _count, sort: _sort, ...filter } = query;
  const all = {
    ...filter,
    startedAfter: dateOf(query.startedAfter),
    startedBefore: dateOf(query.startedBefore),
    createdAfter: dateOf(query.createdAfter),
    createdBefore: dateOf(query.createdBefore),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
