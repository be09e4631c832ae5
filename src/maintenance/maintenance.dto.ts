import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
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
import { type Actor, roles } from '../common/caller.js';
import { RequestInvalidError } from '../common/errors/request.errors.js';
import { IsDatasetName, IsInstant, IsPlainObject, readableMessage, readableText } from '../common/http/dto-rules.js';
import { ListCountDto } from '../common/http/page.js';
import {
  allowanceOf,
  type MaintenanceMode,
  maintenanceModes,
  type MaintenanceRecord,
  type MaintenanceSetting,
  type MaintenanceSwitch,
} from './maintenance-lifecycle.js';
import { blockerKinds, type DeployCheck } from './deploy-check.js';
import type { MaintenanceView } from './maintenance-status.js';
import type { RunningJob } from './running-jobs.js';

const limits = { reason: 2_000, ticket: 255, allowed: 100, workerId: 255, waitSeconds: 300 } as const;

/** Who and what may pass while the switch is on. */
class AllowDto {
  @ApiPropertyOptional({ type: [String], maxItems: limits.allowed, default: [], description: 'Workers that may take any job.' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(limits.allowed)
  @Length(1, limits.workerId, { each: true })
  @Matches(readableText, { each: true, message: 'each worker must be readable text without control characters' })
  @IsString({ each: true })
  workers?: string[];

  @ApiPropertyOptional({ type: [String], maxItems: limits.allowed, default: [], description: 'Datasets whose jobs any worker may take.' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(limits.allowed)
  @IsDatasetName({ each: true })
  datasets?: string[];
}

/** Body of PUT maintenance: the whole switch; what is left out becomes null, but for the reason when off. */
export class SetMaintenanceDto {
  @ApiProperty({ description: 'True: no more jobs are handed out.' })
  @IsBoolean()
  on!: boolean;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    minLength: 1,
    maxLength: limits.reason,
    description: 'Needed when on. When off: null keeps the last reason.',
  })
  @ValidateIf((body: SetMaintenanceDto) => body.on === true || (body.reason !== undefined && body.reason !== null))
  @Matches(readableText, readableMessage)
  @Length(1, limits.reason)
  @IsString({ message: 'reason must be a string; it is needed when on' })
  reason?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, minLength: 1, maxLength: limits.ticket })
  @IsOptional()
  @Matches(readableText, readableMessage)
  @Length(1, limits.ticket)
  @IsString()
  ticket?: string | null;

  @ApiPropertyOptional({ type: String, format: 'date-time', nullable: true, description: 'When the work is expected to be over.' })
  @IsOptional()
  @IsInstant()
  until?: string | null;

  @ApiPropertyOptional({ default: false, description: 'True: the switch turns itself off at `until`, which is then needed.' })
  @IsOptional()
  @IsBoolean()
  autoResume?: boolean | null;

  @ApiPropertyOptional({ type: AllowDto, nullable: true, description: 'Canaries: who and what may pass while it is on.' })
  @IsOptional()
  @IsPlainObject()
  @ValidateNested()
  @Type(() => AllowDto)
  allow?: AllowDto | null;
}

/**
 * The setting that a body asks for.
 * @throws RequestInvalidError for an automatic end without its time
 */
export function settingOf(body: SetMaintenanceDto): MaintenanceSetting {
  const { on, reason, ticket, until, autoResume, allow } = body;
  if (autoResume === true && until == null) throw untilMissing();
  return {
    on,
    reason: reason ?? null,
    ticket: ticket ?? null,
    until: until == null ? null : new Date(until),
    autoResume: autoResume ?? false,
    allow: allowanceOf(allow?.workers ?? [], allow?.datasets ?? []),
  };
}

function untilMissing(): RequestInvalidError {
  const message = 'until is needed with autoResume';
  return new RequestInvalidError(message, [{ pointer: '/until', code: 'needed', message }]);
}

/** Who set the switch. */
class SetByDto {
  @ApiProperty()
  id!: string;

  @ApiProperty()
  name!: string;
}

/** Who made a change, as in every history. */
class MaintenanceActorDto extends SetByDto {
  @ApiProperty({ enum: [...roles, 'none', 'anonymous', 'system'] })
  role!: Actor['role'];

  @ApiProperty({ type: String, nullable: true, description: 'Network address; null for the service itself.' })
  address!: string | null;
}

/** The canaries, as they are stored. */
class AllowedDto {
  @ApiProperty({ type: [String] })
  workers!: string[];

  @ApiProperty({ type: [String] })
  datasets!: string[];
}

class SwitchDto {
  @ApiProperty({ type: 'integer', description: 'Number of changes so far, and the ETag.' })
  number!: number;

  @ApiProperty()
  on!: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'Kept when off.' })
  reason!: string | null;

  @ApiProperty({ type: String, nullable: true })
  ticket!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  until!: string | null;

  @ApiProperty({ description: 'True: turns itself off at `until`.' })
  autoResume!: boolean;

  @ApiProperty({ type: AllowedDto, description: 'Who and what may pass while it is on.' })
  allow!: AllowedDto;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Since when it is on, or off; null before the first change.',
  })
  since!: string | null;

  @ApiProperty({ type: SetByDto, nullable: true })
  setBy!: SetByDto | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'When it first became quiet since it is on.' })
  quietAt!: string | null;
}

/** A job that has to end before maintenance is quiet. */
class RunningJobDto {
  @ApiProperty({ format: 'uuid' })
  jobId!: string;

  @ApiProperty()
  datasetName!: string;

  @ApiProperty()
  operation!: string;

  @ApiProperty({ type: String, nullable: true })
  phase!: string | null;

  @ApiProperty({ type: 'number', nullable: true })
  percent!: number | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  startedAt!: string | null;
}

/** How much is still running. */
class RemainingDto {
  @ApiProperty({ type: 'integer' })
  jobs!: number;

  @ApiProperty({ type: 'integer' })
  uploads!: number;
}

/** The switch, and what it waits for. */
export class MaintenanceDto extends SwitchDto {
  @ApiProperty({
    enum: maintenanceModes,
    enumName: 'MaintenanceMode',
    description: '`draining`: on and a job is running, or an old worker may still start one; `quiet`: on and nothing is.',
  })
  mode!: MaintenanceMode;

  @ApiProperty({ type: RemainingDto })
  remaining!: RemainingDto;

  @ApiProperty({ type: [RunningJobDto], maxItems: 20, description: 'The first 20 of them.' })
  remainingJobs!: RunningJobDto[];

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the running jobs may have ended, if each takes as long as its operation usually does; null without enough history.',
  })
  estimatedQuietAt!: string | null;
}

/** Query of GET maintenance. */
export class MaintenanceQueryDto {
  @ApiPropertyOptional({ enum: ['quiet'], description: 'Answers when maintenance is quiet.' })
  @IsOptional()
  @IsIn(['quiet'])
  wait?: 'quiet';

  @ApiPropertyOptional({ type: 'integer', minimum: 0, maximum: limits.waitSeconds, default: 30, description: 'Seconds to wait at most.' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value))
  @Max(limits.waitSeconds)
  @Min(0)
  @IsInt()
  timeout?: number;
}

/** One thing that stands in the way of a deployment. */
class BlockerItemDto {
  @ApiProperty({ example: 'jobs/7b0c' })
  subject!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty()
  detail!: string;
}

/** Things of one kind that stand in the way. */
class BlockerDto {
  @ApiProperty({ enum: blockerKinds })
  kind!: (typeof blockerKinds)[number];

  @ApiProperty({ type: 'integer' })
  count!: number;

  @ApiProperty({ type: [BlockerItemDto], maxItems: 10 })
  items!: BlockerItemDto[];
}

/** The answer to "may I deploy?". */
export class DeployCheckDto {
  @ApiProperty()
  mayDeploy!: boolean;

  @ApiProperty({ description: 'The answer for people.' })
  sentence!: string;

  @ApiProperty({ type: [BlockerDto] })
  blockers!: BlockerDto[];
}

/** The switch as one change left it. */
export class MaintenanceChangeDto extends SwitchDto {
  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty({ type: MaintenanceActorDto })
  actor!: MaintenanceActorDto;
}

/** A page of changes, newest first. */
export class MaintenanceChangePageDto {
  @ApiProperty({ type: [MaintenanceChangeDto] })
  items!: MaintenanceChangeDto[];

  @ApiProperty({ type: String, nullable: true })
  nextCursor!: string | null;

  @ApiProperty({ type: String, nullable: true })
  prevCursor!: string | null;

  @ApiPropertyOptional({ type: ListCountDto })
  count?: ListCountDto;
}

const instantOf = (date: Date | null): string | null => date?.toISOString() ?? null;

function switchDtoOf(state: MaintenanceSwitch): SwitchDto {
  const { number, on, reason, ticket, until, autoResume, allow, since, setBy, quietAt } = state;
  return {
    number,
    on,
    reason,
    ticket,
    until: instantOf(until),
    autoResume,
    allow: { workers: [...allow.workers], datasets: [...allow.datasets] },
    since: instantOf(since),
    setBy: setBy && { id: setBy.id, name: setBy.name },
    quietAt: instantOf(quietAt),
  };
}

function runningJobDtoOf(job: RunningJob): RunningJobDto {
  const { jobId, datasetName, operation, phase, percent, startedAt } = job;
  return { jobId, datasetName, operation, phase, percent, startedAt: instantOf(startedAt) };
}

/** What a switch waits for, as answers and conflicts show it. */
export function remainingOf(view: MaintenanceView): Pick<MaintenanceDto, 'remaining' | 'remainingJobs' | 'estimatedQuietAt'> {
  return {
    remaining: { jobs: view.runningJobs, uploads: 0 },
    remainingJobs: view.firstRunningJobs.map(runningJobDtoOf),
    estimatedQuietAt: instantOf(view.estimatedQuietAt),
  };
}

/** The switch as GET maintenance answers it. */
export const maintenanceDtoOf = (view: MaintenanceView): MaintenanceDto => ({
  mode: view.mode,
  ...switchDtoOf(view),
  ...remainingOf(view),
});

/** The answer of GET maintenance/deploy-check. */
export function deployCheckDtoOf({ mayDeploy, sentence, blockers }: DeployCheck): DeployCheckDto {
  return { mayDeploy, sentence, blockers: blockers.map(({ kind, count, items }) => ({ kind, count, items: [...items] })) };
}

/** A record as an item of the history. */
export function changeDtoOf(record: MaintenanceRecord): MaintenanceChangeDto {
  const { id, name, role, address } = record.setBy;
  return { ...switchDtoOf(record), at: record.at.toISOString(), actor: { id, name, role, address } };
}
