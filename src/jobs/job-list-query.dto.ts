import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, IsUUID, Length, Matches } from 'class-validator';
import { type AnyOf, filterText, IsAnyOf, repeatedParameter as repeated } from '../common/http/any-of.js';
import { IsDatasetName, IsInstant } from '../common/http/dto-rules.js';
import { PageQueryDto } from '../common/http/page.js';
import type { JobFilter } from './job-filter.js';
import { jobSorts, type JobSort } from './job-lists.store.js';
import { jobPhases, jobStatuses } from './jobs-lifecycle.js';

const flag = { enum: ['true', 'false'] };

/** Query of GET jobs. */
export class JobListQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ enum: jobSorts, default: '-createdAt' })
  @IsOptional()
  @IsIn(jobSorts)
  sort?: JobSort;

  @ApiPropertyOptional({ ...repeated, enum: jobStatuses })
  @IsAnyOf(jobStatuses)
  status?: JobFilter['status'];

  @ApiPropertyOptional({ ...repeated, enum: jobPhases })
  @IsAnyOf(jobPhases)
  phase?: JobFilter['phase'];

  @ApiPropertyOptional(repeated)
  @IsAnyOf()
  operation?: AnyOf;

  @ApiPropertyOptional(repeated)
  @IsAnyOf()
  dataset?: AnyOf;

  @ApiPropertyOptional({ description: 'Dataset of the job, or named in its manifesto.' })
  @IsOptional()
  @IsDatasetName()
  target?: string;

  @ApiPropertyOptional(repeated)
  @IsAnyOf()
  worker?: AnyOf;

  @ApiPropertyOptional(repeated)
  @IsAnyOf()
  createdBy?: AnyOf;

  @ApiPropertyOptional(repeated)
  @IsAnyOf()
  tag?: AnyOf;

  @ApiPropertyOptional(repeated)
  @IsAnyOf()
  errorCode?: AnyOf;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  traceId?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  retryOf?: string;

  @ApiPropertyOptional(flag)
  @IsOptional()
  @IsIn(['true', 'false'])
  stale?: 'true' | 'false';

  @ApiPropertyOptional(flag)
  @IsOptional()
  @IsIn(['true', 'false'])
  overdue?: 'true' | 'false';

  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @IsInstant()
  createdAfter?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @IsInstant()
  createdBefore?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @IsInstant()
  finishedAfter?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @IsInstant()
  finishedBefore?: string;

  @ApiPropertyOptional({ description: 'Beginning of a job id or of a dataset name.', maxLength: 255 })
  @IsOptional()
  @IsString()
  @Length(1, 255)
  @Matches(filterText, { message: 'q must be text without control characters' })
  q?: string;
}

const dateOf = (text: string | undefined): Date | undefined => (text === undefined ? undefined : new Date(text));
const flagOf = (text: string | undefined): boolean | undefined => (text === undefined ? undefined : text === 'true');

/** The filter that a query asks for. */
export function filterOf(query: JobListQueryDto): JobFilter {
  const { limit: _limit, cursor: _cursor, count: _count, sort: _sort, ...filter } = query;
  const all = {
    ...filter,
    stale: flagOf(query.stale),
    overdue: flagOf(query.overdue),
    createdAfter: dateOf(query.createdAfter),
    createdBefore: dateOf(query.createdBefore),
    finishedAfter: dateOf(query.finishedAfter),
    finishedBefore: dateOf(query.finishedBefore),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
