import { ApiProperty } from '@nestjs/swagger';
import { pageOf } from '../common/http/page.js';
import { jobPhases, jobStatuses, priorities, type Priority } from './jobs-lifecycle.js';
import { attemptOutcomes } from './jobs.schema.js';

const freeObject = { type: 'object', additionalProperties: true, nullable: true } as const;

/** Name and id of somebody. */
export class JobActorDto {
  @ApiProperty()
  id!: string;

  @ApiProperty()
  name!: string;
}

/** The claim of a worker on a job. */
export class JobLeaseDto {
  @ApiProperty()
  workerId!: string;

  @ApiProperty({ format: 'date-time' })
  claimedAt!: string;

  @ApiProperty({ format: 'date-time' })
  heartbeatAt!: string;

  @ApiProperty({ format: 'date-time' })
  expiresAt!: string;
}

/** Somebody's wish that a running job ends. */
export class CancelRequestDto {
  @ApiProperty({ format: 'date-time' })
  at!: string;

  @ApiProperty()
  by!: string;

  @ApiProperty()
  reason!: string;
}

/** Why a job, or one of its attempts, failed. */
export class JobErrorDto {
  @ApiProperty()
  code!: string;

  @ApiProperty()
  message!: string;

  @ApiProperty({ ...freeObject, description: 'What the worker added.' })
  details!: Record<string, unknown> | null;
}

/** One phase of an attempt. */
export class AttemptPhaseDto {
  @ApiProperty({ enum: jobPhases })
  phase!: string;

  @ApiProperty({ format: 'date-time' })
  startedAt!: string;

  @ApiProperty({ type: Number, nullable: true, description: 'Null while it lasts.' })
  seconds!: number | null;
}

/** One run of a job. */
export class JobAttemptDto {
  @ApiProperty({ type: 'integer' })
  attempt!: number;

  @ApiProperty({ format: 'uuid', description: 'UUIDv5 of the job and the attempt.' })
  runId!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Null for a worker that does not say who it is.' })
  workerId!: string | null;

  @ApiProperty({ format: 'date-time' })
  startedAt!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  endedAt!: string | null;

  @ApiProperty({ enum: attemptOutcomes, type: String, nullable: true })
  outcome!: string | null;

  @ApiProperty({ type: JobErrorDto, nullable: true })
  error!: JobErrorDto | null;

  @ApiProperty({ type: [AttemptPhaseDto], description: 'The first 30, in order.' })
  phases!: AttemptPhaseDto[];
}

const instant = { format: 'date-time' } as const;
const nullableInstant = { type: String, format: 'date-time', nullable: true } as const;
const count = { type: 'integer' } as const;

/** A job. @see API.md 2 */
export class JobDto {
  @ApiProperty({ format: 'uuid' })
  jobId!: string;

  @ApiProperty({ ...count, description: 'Number of changes; its ETag.' })
  version!: number;

  @ApiProperty()
  datasetName!: string;

  @ApiProperty()
  operation!: string;

  @ApiProperty({ type: 'object', additionalProperties: true })
  parameters!: Record<string, unknown>;

  @ApiProperty({ enum: jobStatuses })
  status!: string;

  @ApiProperty({ enum: jobPhases, type: String, nullable: true })
  phase!: string | null;

  @ApiProperty({ ...count, nullable: true })
  percent!: number | null;

  @ApiProperty({ enum: priorities })
  priority!: Priority;

  @ApiProperty(nullableInstant)
  notBefore!: string | null;

  @ApiProperty(nullableInstant)
  dueAt!: string | null;

  @ApiProperty({ type: [String] })
  tags!: string[];

  @ApiProperty({ ...count, description: 'Grows with each start.' })
  attempt!: number;

  @ApiProperty(count)
  failures!: number;

  @ApiProperty(count)
  losses!: number;

  @ApiProperty(count)
  snoozes!: number;

  @ApiProperty(count)
  maxFailures!: number;

  @ApiProperty(count)
  maxLosses!: number;

  @ApiProperty({ ...count, nullable: true })
  runBudgetSeconds!: number | null;

  @ApiProperty({ type: JobLeaseDto, nullable: true })
  lease!: JobLeaseDto | null;

  @ApiProperty({ type: CancelRequestDto, nullable: true })
  cancelRequested!: CancelRequestDto | null;

  @ApiProperty({ type: JobErrorDto, nullable: true })
  error!: JobErrorDto | null;

  @ApiProperty({ ...freeObject, description: 'What the last attempt left for the next one.' })
  checkpoint!: Record<string, unknown> | null;

  @ApiProperty({ ...freeObject, description: 'What the worker answered when it completed the job.' })
  result!: Record<string, unknown> | null;

  @ApiProperty({ type: [JobAttemptDto], description: 'Newest 20, oldest first.' })
  attempts!: JobAttemptDto[];

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  retryOf!: string | null;

  @ApiProperty({ type: String, nullable: true })
  traceId!: string | null;

  @ApiProperty({ type: JobActorDto })
  createdBy!: JobActorDto;

  @ApiProperty({ description: 'Running without a lease and silent for JOBS_STALE_SECONDS; told once by the event job.stale.' })
  stale!: boolean;

  @ApiProperty({
    description: 'Unfinished past `dueAt`, time under maintenance since it was set not counted; told once by the event job.overdue.',
  })
  overdue!: boolean;

  @ApiProperty(instant)
  createdAt!: string;

  @ApiProperty(instant)
  updatedAt!: string;

  @ApiProperty(nullableInstant)
  startedAt!: string | null;

  @ApiProperty(nullableInstant)
  finishedAt!: string | null;
}

/** Who made a change. */
export class HistoryActorDto {
  @ApiProperty()
  id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty()
  role!: string;

  @ApiProperty({ type: String, nullable: true })
  address!: string | null;
}

/** One change of a job. */
export class JobHistoryEntryDto {
  @ApiProperty(count)
  version!: number;

  @ApiProperty(instant)
  at!: string;

  @ApiProperty({ example: 'job.completed.v1' })
  type!: string;

  @ApiProperty({ type: String, nullable: true })
  from!: string | null;

  @ApiProperty()
  to!: string;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'array', items: {} }, description: 'Field: [before, after].' })
  changes!: Record<string, unknown>;

  @ApiProperty({ type: HistoryActorDto })
  actor!: HistoryActorDto;

  @ApiProperty({ type: String, nullable: true })
  reason!: string | null;

  @ApiProperty()
  requestId!: string;
}

/** One job with its newest 100 changes, newest first. */
export class JobWithHistoryDto extends JobDto {
  @ApiProperty({
    ...nullableInstant,
    description:
      'When the present attempt ends if it takes as long as its operation usually does; null unless running, or with too few known runs.',
  })
  expectedEndAt!: string | null;

  @ApiProperty({ type: [JobHistoryEntryDto] })
  history!: JobHistoryEntryDto[];
}

/** One line of a job's log. */
export class JobLogLineDto {
  @ApiProperty(instant)
  at!: string;

  @ApiProperty()
  message!: string;
}

/** A page of jobs. */
export class JobPageDto extends pageOf(JobDto) {}

/** A page of a job's history, newest first. */
export class JobHistoryPageDto extends pageOf(JobHistoryEntryDto) {}

/** A page of a job's log, oldest line first. */
export class JobLogPageDto extends pageOf(JobLogLineDto) {}
