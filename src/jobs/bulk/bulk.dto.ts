import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsArray, IsBoolean, IsIn, IsInt, IsString, Length, Matches, Max, Min, ValidateIf, ValidateNested } from 'class-validator';
import { IsPlainObject, readableMessage, readableText } from '../../common/http/dto-rules.js';
import { JobDto } from '../job-answers.dto.js';
import { CreateJobDto, EditJobDto } from '../jobs.dto.js';

export const bulkActions = ['create', 'cancel', 'retry', 'release', 'edit'] as const;
export type BulkAction = (typeof bulkActions)[number];

const given = (name: string) => (body: object) => (body as Record<string, unknown>)[name] !== undefined;

/** Body of POST jobs/bulk: `items` to create, else `ids` or a `filter`. */
export class BulkDto {
  @ApiProperty({ enum: bulkActions })
  @IsIn(bulkActions)
  action!: BulkAction;

  @ApiPropertyOptional({ type: [CreateJobDto], maxItems: 500, description: 'Only with create, and there required.' })
  @ValidateIf(given('items'))
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => CreateJobDto)
  items?: CreateJobDto[];

  @ApiPropertyOptional({ type: [String], maxItems: 1_000 })
  @ValidateIf(given('ids'))
  @IsArray()
  @IsString({ each: true })
  ids?: string[];

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'The filters of `GET /api/v1/jobs`, such as `{"status": "failed", "dataset": ["A", "B"]}`.',
  })
  @ValidateIf(given('filter'))
  @IsPlainObject()
  filter?: Record<string, unknown>;

  @ApiPropertyOptional({ type: EditJobDto, description: 'Only with edit, and there required.' })
  @ValidateIf(given('changes'))
  @IsPlainObject()
  @ValidateNested()
  @Type(() => EditJobDto)
  changes?: EditJobDto;

  @ApiPropertyOptional({ minLength: 1, maxLength: 2_000, description: 'Required but for create.' })
  @ValidateIf(given('reason'))
  @Matches(readableText, readableMessage)
  @Length(1, 2_000)
  @IsString()
  reason?: string;

  @ApiPropertyOptional({ default: false, description: 'Changes nothing and answers what would be changed.' })
  @ValidateIf(given('dryRun'))
  @IsBoolean()
  dryRun?: boolean;

  @ApiPropertyOptional({ type: 'integer', minimum: 0, description: 'Required with a filter: the `matched` of a dry run.' })
  @ValidateIf(given('expectedCount'))
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  expectedCount?: number;
}

/** A job that the action does not fit, or an item of which no job would be made. */
export class ExcludedJobDto {
  @ApiProperty({ type: 'integer', nullable: true, description: 'With create its place in the request, from 0; else null.' })
  index!: number | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'With create the job that holds the dataset; null where an earlier item would hold it, and where the item is refused.',
  })
  jobId!: string | null;

  @ApiProperty({ example: 'JOBS.FINAL' })
  code!: string;
}

/** What a bulk request would change. */
export class BulkDryRunDto {
  @ApiProperty({ type: 'integer', description: 'Jobs that would be created or changed.' })
  matched!: number;

  @ApiProperty({ type: [String] })
  ids!: string[];

  @ApiProperty({
    type: [JobDto],
    description: 'The first 20 of them. Jobs that would be created have the id 00000000-0000-0000-0000-000000000000 and version 0.',
  })
  sample!: JobDto[];

  @ApiProperty({
    type: [ExcludedJobDto],
    description: 'Jobs that are named or match, but that the action does not fit, at most 1,000; items of which no job would be made.',
  })
  excluded!: ExcludedJobDto[];
}

/** What became of one job. */
export class BulkResultDto {
  @ApiProperty({ type: 'integer', description: 'Place in the request, from 0.' })
  index!: number;

  @ApiProperty({ type: String, nullable: true })
  jobId!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Status of the job afterwards; null when the action failed.' })
  status!: string | null;

  @ApiProperty({ nullable: true, allOf: [{ $ref: '#/components/schemas/Problem' }] })
  problem!: Record<string, unknown> | null;
}

/** What became of a bulk request. */
export class BulkAnswerDto {
  @ApiProperty({ type: 'integer' })
  succeeded!: number;

  @ApiProperty({ type: 'integer' })
  failed!: number;

  @ApiProperty({ type: [BulkResultDto], description: 'In the order of the request.' })
  results!: BulkResultDto[];
}
