import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';
import { IsDatasetName, IsInstant, readableMessage, readableText } from '../common/http/dto-rules.js';
import { IsFreeObject } from '../common/http/free-object.js';
import { referenceOperations } from '../common/operations.js';
import { priorities, type Priority } from './jobs-lifecycle.js';

const given = (name: string) => (body: object) => (body as Record<string, unknown>)[name] !== undefined;
const operationPattern = /^[A-Z][A-Z0-9_]{0,63}$/;
const maxTags = 20;
const tagPattern = /^[\w.:/-]{1,64}$/;
const tagMessage = { each: true, message: 'each tag must be 1 to 64 letters, digits or _ . : / -' };

/** Body of POST jobs. */
export class CreateJobDto {
  @ApiProperty({
    minLength: 1,
    maxLength: 255,
    example: 'ROAD_TRAFFIC',
    description: 'In NFC, without control or bidirectional characters and outer spaces.',
  })
  @IsDatasetName()
  datasetName!: string;

  @ApiProperty({ example: 'ADD', description: `One of ${referenceOperations.join(', ')}, or one of JOBS_EXTRA_OPERATIONS.` })
  @Matches(operationPattern, { message: 'operation must be the name of an operation, such as ADD' })
  operation!: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description:
      'SET_STATUS: `{releaseStatus}`. REMOVE: `{description}`. BUMP (dataset DATASTORE): `{description, bumpManifesto, bumpFromVersion, bumpToVersion}`. Extra operations: any object up to 16 KiB. Others: none.',
  })
  @ValidateIf(given('parameters'))
  @IsFreeObject()
  parameters?: Record<string, unknown>;

  @ApiPropertyOptional({ enum: priorities, default: 'normal' })
  @ValidateIf(given('priority'))
  @IsIn(priorities)
  priority?: Priority;

  @ApiPropertyOptional({ type: String, format: 'date-time', nullable: true, description: 'Not claimed before this instant.' })
  @IsOptional()
  @IsInstant()
  notBefore?: string | null;

  @ApiPropertyOptional({ type: String, format: 'date-time', nullable: true, description: 'When it should be done; later it is overdue.' })
  @IsOptional()
  @IsInstant()
  dueAt?: string | null;

  @ApiPropertyOptional({ type: [String], maxItems: maxTags })
  @ValidateIf(given('tags'))
  @IsArray()
  @ArrayMaxSize(maxTags)
  @IsString({ each: true })
  @Matches(tagPattern, tagMessage)
  tags?: string[];

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100, description: 'Default: JOBS_MAX_FAILURES.' })
  @ValidateIf(given('maxFailures'))
  @IsInt()
  @Min(1)
  @Max(100)
  maxFailures?: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 5, maximum: 2_592_000, nullable: true, description: 'Seconds that one run may take.' })
  @IsOptional()
  @IsInt()
  @Min(5)
  @Max(2_592_000)
  runBudgetSeconds?: number | null;

  @ApiPropertyOptional({ type: String, format: 'uuid', nullable: true })
  @IsOptional()
  @IsUUID()
  traceId?: string | null;

  @ApiPropertyOptional({
    enum: ['refuse', 'return'],
    default: 'refuse',
    description: 'When the dataset is busy: 409, or 200 with the job that holds it.',
  })
  @ValidateIf(given('onConflict'))
  @IsIn(['refuse', 'return'])
  onConflict?: 'refuse' | 'return';
}

/** Body of PATCH jobs/{id}: a JSON merge patch (RFC 7396) of these fields. */
export class EditJobDto {
  @ApiPropertyOptional({ enum: priorities })
  @ValidateIf(given('priority'))
  @IsIn(priorities)
  priority?: Priority;

  @ApiPropertyOptional({ type: String, format: 'date-time', nullable: true })
  @IsOptional()
  @IsInstant()
  notBefore?: string | null;

  @ApiPropertyOptional({ type: String, format: 'date-time', nullable: true })
  @IsOptional()
  @IsInstant()
  dueAt?: string | null;

  @ApiPropertyOptional({ type: [String], maxItems: maxTags })
  @ValidateIf(given('tags'))
  @IsArray()
  @ArrayMaxSize(maxTags)
  @IsString({ each: true })
  @Matches(tagPattern, tagMessage)
  tags?: string[];
}

/** Body of POST jobs/{id}/cancel. */
export class CancelJobDto {
  @ApiProperty({ minLength: 1, maxLength: 2_000, description: 'Shown in the history and in the log.' })
  @Matches(readableText, readableMessage)
  @Length(1, 2_000)
  @IsString()
  reason!: string;

  @ApiPropertyOptional({ default: false, description: 'Cancels a running job at once, without waiting for its worker.' })
  @ValidateIf(given('force'))
  @IsBoolean()
  force?: boolean;
}

/** Body of POST jobs/{id}/retry. */
export class RetryJobDto {
  @ApiProperty({ minLength: 1, maxLength: 2_000, description: 'Shown in the history of the new job.' })
  @Matches(readableText, readableMessage)
  @Length(1, 2_000)
  @IsString()
  reason!: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: 'Instead of those of the old job.' })
  @ValidateIf(given('parameters'))
  @IsFreeObject()
  parameters?: Record<string, unknown>;
}
