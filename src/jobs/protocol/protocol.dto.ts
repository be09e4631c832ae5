import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsDefined,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { IsPlainObject, readableMessage, readableText } from '../../common/http/dto-rules.js';
import { IsFreeObject } from '../../common/http/free-object.js';
import { jobPhases, type JobPhase } from '../jobs-lifecycle.js';

const given = (name: string) => (body: object) => (body as Record<string, unknown>)[name] !== undefined;
const freeObject = { type: 'object', additionalProperties: true } as const;
const maxSeconds = 2_592_000;

/** `built` is for workers of the original: a leased job is never in it. */
const leasedPhases = jobPhases.filter((phase) => phase !== 'built');

const IsLeaseToken = (): PropertyDecorator =>
  Matches(/^[\w-]{1,64}$/, { message: 'leaseToken must be the token that the claim answered with' });

/** Who claims. */
export class ClaimingWorkerDto {
  @ApiProperty({ example: 'imp-3', description: '1 to 128 letters, digits or . _ : @ -, the same with every claim of one worker.' })
  @Matches(/^[\w.:@-]{1,128}$/, { message: 'id must be 1 to 128 letters, digits or . _ : @ -' })
  id!: string;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 64 })
  @IsOptional()
  @Matches(readableText, readableMessage)
  @Length(1, 64)
  @IsString()
  version?: string | null;
}

/** Body of POST jobs/claim. */
export class ClaimDto {
  @ApiProperty({ type: ClaimingWorkerDto })
  @ValidateNested()
  @Type(() => ClaimingWorkerDto)
  @IsPlainObject()
  @IsDefined()
  worker!: ClaimingWorkerDto;

  @ApiProperty({ type: [String], minItems: 1, maxItems: 50, example: ['ADD', 'CHANGE'] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(50)
  @ArrayUnique()
  @IsString({ each: true })
  operations!: string[];

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: 3_600,
    description: 'JOBS_MIN_LEASE_SECONDS to 3600; default: JOBS_LEASE_SECONDS. Beat at a third of it.',
  })
  @ValidateIf(given('leaseSeconds'))
  @IsInt()
  @Min(1)
  @Max(3_600)
  leaseSeconds?: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 0, maximum: 30, default: 0, description: 'How long to wait for a job.' })
  @ValidateIf(given('waitSeconds'))
  @IsInt()
  @Min(0)
  @Max(30)
  waitSeconds?: number;

  @ApiPropertyOptional({ minLength: 1, maxLength: 255, description: 'A name of your own: a repeat with it gets the same job and lease.' })
  @ValidateIf(given('claimId'))
  @Matches(/^[\x21-\x7e]{1,255}$/, { message: 'claimId must be 1 to 255 visible ASCII characters' })
  claimId?: string;
}

/** Body of POST jobs/{id}/heartbeat. */
export class HeartbeatDto {
  @ApiProperty()
  @IsLeaseToken()
  leaseToken!: string;

  @ApiPropertyOptional({ enum: leasedPhases })
  @ValidateIf(given('phase'))
  @IsIn(leasedPhases)
  phase?: JobPhase;

  @ApiPropertyOptional({ type: 'integer', minimum: 0, maximum: 100 })
  @ValidateIf(given('percent'))
  @IsInt()
  @Min(0)
  @Max(100)
  percent?: number;

  @ApiPropertyOptional({ ...freeObject, description: 'For the next attempt; at most 16 KiB as JSON.' })
  @ValidateIf(given('checkpoint'))
  @IsFreeObject()
  checkpoint?: Record<string, unknown>;

  @ApiPropertyOptional({ type: [String], maxItems: 50, description: 'Lines for the log; each is cut at 4 KiB.' })
  @ValidateIf(given('log'))
  @IsArray()
  @ArrayMaxSize(50)
  @IsString({ each: true })
  log?: string[];

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    description: 'How many lines this attempt sent before: those that are stored already are skipped.',
  })
  @ValidateIf(given('logOffset'))
  @IsInt()
  @Min(0)
  @Max(1_000_000_000)
  logOffset?: number;
}

/** A dataset that a run read or wrote, as OpenLineage names it. */
export class RunDatasetDto {
  @ApiProperty({ minLength: 1, maxLength: 255 })
  @Matches(readableText, readableMessage)
  @Length(1, 255)
  @IsString()
  namespace!: string;

  @ApiProperty({ minLength: 1, maxLength: 255 })
  @Matches(readableText, readableMessage)
  @Length(1, 255)
  @IsString()
  name!: string;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 64 })
  @IsOptional()
  @Matches(readableText, readableMessage)
  @Length(1, 64)
  @IsString()
  version?: string | null;
}

function RunDatasets(description: string): PropertyDecorator {
  return (target, property) => {
    ApiPropertyOptional({ type: [RunDatasetDto], maxItems: 100, description: `${description} At most 16 KiB as JSON.` })(target, property);
    ValidateIf(given(String(property)))(target, property);
    IsArray()(target, property);
    ArrayMaxSize(100)(target, property);
    ValidateNested({ each: true })(target, property);
    Type(() => RunDatasetDto)(target, property);
  };
}

/** Body of POST jobs/{id}/complete. */
export class CompleteDto {
  @ApiProperty()
  @IsLeaseToken()
  leaseToken!: string;

  @ApiPropertyOptional({ ...freeObject, description: 'At most 16 KiB as JSON.' })
  @ValidateIf(given('result'))
  @IsFreeObject()
  result?: Record<string, unknown>;

  @RunDatasets('What the run read.')
  inputs?: RunDatasetDto[];

  @RunDatasets('What the run wrote.')
  outputs?: RunDatasetDto[];
}

/** Why an attempt failed. */
export class FailureDto {
  @ApiProperty({ example: 'BAD_METADATA', description: '1 to 64 letters, digits or . _ : -' })
  @Matches(/^[\w.:-]{1,64}$/, { message: 'code must be 1 to 64 letters, digits or . _ : -' })
  code!: string;

  @ApiProperty({ minLength: 1, maxLength: 2_000 })
  @Matches(readableText, readableMessage)
  @Length(1, 2_000)
  @IsString()
  message!: string;

  @ApiPropertyOptional({ ...freeObject, nullable: true, description: 'At most 16 KiB as JSON.' })
  @IsOptional()
  @IsFreeObject()
  details?: Record<string, unknown> | null;
}

/** Body of POST jobs/{id}/release: a worker names its lease token, an operator a reason. */
export class ReleaseDto {
  @ApiPropertyOptional({ description: 'A worker gives back the job that it holds.' })
  @ValidateIf(given('leaseToken'))
  @IsLeaseToken()
  leaseToken?: string;

  @ApiPropertyOptional({
    minLength: 1,
    maxLength: 2_000,
    description: 'Required without a token: an operator takes the job from its holder.',
  })
  @ValidateIf(given('reason'))
  @Matches(readableText, readableMessage)
  @Length(1, 2_000)
  @IsString()
  reason?: string;
}

/** Body of POST jobs/{id}/fail: a worker names its lease token and the error, an operator a reason. */
export class FailDto extends ReleaseDto {
  @ApiPropertyOptional({ type: FailureDto, description: 'Required with a token.' })
  @ValidateIf(given('error'))
  @ValidateNested()
  @Type(() => FailureDto)
  @IsPlainObject()
  error?: FailureDto;

  @ApiPropertyOptional({ default: true, description: 'False: no further attempt.' })
  @ValidateIf(given('retryable'))
  @IsBoolean()
  retryable?: boolean;

  @ApiPropertyOptional({ type: 'integer', minimum: 0, maximum: maxSeconds, description: 'Instead of the backoff.' })
  @ValidateIf(given('retryAfterSeconds'))
  @IsInt()
  @Min(0)
  @Max(maxSeconds)
  retryAfterSeconds?: number;
}

/** Body of POST jobs/{id}/snooze. */
export class SnoozeDto {
  @ApiProperty()
  @IsLeaseToken()
  leaseToken!: string;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: maxSeconds })
  @IsInt()
  @Min(1)
  @Max(maxSeconds)
  seconds!: number;

  @ApiPropertyOptional({ minLength: 1, maxLength: 2_000 })
  @ValidateIf(given('reason'))
  @Matches(readableText, readableMessage)
  @Length(1, 2_000)
  @IsString()
  reason?: string;
}
