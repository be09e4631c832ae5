import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsOptional, IsString, IsUUID, Length, Matches, ValidateBy } from 'class-validator';
import { IsDatasetName, IsInstant } from '../common/http/dto-rules.js';
import { PageQueryDto } from '../common/http/page.js';
import type { AnyOf, JobFilter } from './job-filter.js';
import { jobSorts, type JobSort } from './job-lists.store.js';
import { jobPhases, jobStatuses } from './jobs-lifecycle.js';

const maxValues = 50;

/** The values of a name that may be repeated; one with `!` in front is refused instead of wanted. */
function anyOf({ value }: { value: unknown }): unknown {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if (!values.every((each) => typeof each === 'string')) return value;
  return {
    wanted: values.filter((each) => !each.startsWith('!')),
    refused: values.filter((each) => each.startsWith('!')).map((each) => each.slice(1)),
  } satisfies AnyOf;
}

const textPattern = /^[^\p{Cc}\p{Cs}]{1,255}$/u;

/** Any of some values; only these where they are listed. */
function IsAnyOf(values?: readonly string[]): PropertyDecorator {
  const fits = (value: string) => (values ? values.includes(value) : textPattern.test(value));
  return (target, property) => {
    Transform(anyOf)(target, property);
    IsOptional()(target, property);
    ValidateBy({
      name: 'isAnyOf',
      validator: {
        validate: (value: AnyOf) => {
          const all = [...(value?.wanted ?? []), ...(value?.refused ?? [])];
          return all.length > 0 && all.length <= maxValues && all.every(fits);
        },
        defaultMessage: () => (values ? `$property must be one of ${values.join(', ')}` : '$property must be 1 to 255 characters of text'),
      },
    })(target, property);
  };
}

const repeated = { type: String, isArray: true, description: 'May be repeated: any of these. `!value` leaves the value out.' } as const;
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
  @Matches(textPattern, { message: 'q must be text without control characters' })
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
