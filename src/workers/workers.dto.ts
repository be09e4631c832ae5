import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import { readableMessage, readableText } from '../common/http/dto-rules.js';
import { pageOf, PageQueryDto } from '../common/http/page.js';
import { type WorkerState, workerStates } from './workers-lifecycle.js';

const instant = { format: 'date-time' } as const;

/** Query of GET workers. */
export class WorkerListQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ enum: workerStates })
  @IsOptional()
  @IsIn(workerStates)
  state?: WorkerState;
}

/** Body of PUT workers/{id}/drain. */
export class DrainWorkerDto {
  @ApiProperty({ minLength: 1, maxLength: 2_000, description: 'Told to the worker with its next call.' })
  @Matches(readableText, readableMessage)
  @Length(1, 2_000)
  @IsString()
  reason!: string;
}

/** Why a worker is given nothing more. */
export class WorkerDrainDto {
  @ApiProperty(instant)
  at!: string;

  @ApiProperty()
  by!: string;

  @ApiProperty()
  reason!: string;
}

/** A job that a worker holds. */
export class HeldJobDto {
  @ApiProperty({ format: 'uuid' })
  jobId!: string;

  @ApiProperty()
  datasetName!: string;

  @ApiProperty()
  operation!: string;

  @ApiProperty({ type: String, nullable: true })
  phase!: string | null;

  @ApiProperty({ type: 'integer', nullable: true })
  percent!: number | null;

  @ApiProperty(instant)
  claimedAt!: string;

  @ApiProperty({ ...instant, description: 'Until when it holds the job without a further word.' })
  leaseExpiresAt!: string;
}

/** A worker of the native protocol. */
export class WorkerDto {
  @ApiProperty({ description: 'The name that it gives itself.' })
  workerId!: string;

  @ApiProperty({ type: String, nullable: true, description: 'The version that it says it has.' })
  version!: string | null;

  @ApiProperty({ type: [String], description: 'What it claims.' })
  operations!: string[];

  @ApiProperty({ enum: workerStates })
  state!: WorkerState;

  @ApiProperty(instant)
  firstSeenAt!: string;

  @ApiProperty({ ...instant, description: 'Up to some seconds behind its last call.' })
  lastSeenAt!: string;

  @ApiProperty({ type: WorkerDrainDto, nullable: true })
  drain!: WorkerDrainDto | null;

  @ApiProperty({ type: [HeldJobDto] })
  jobs!: HeldJobDto[];
}

/** An operation with jobs that wait and that nobody can run. */
export class UnservedOperationDto {
  @ApiProperty()
  operation!: string;

  @ApiProperty({ ...instant, description: 'Since when its oldest job waits.' })
  since!: string;
}

/** A page of workers, by name. */
export class WorkerPageDto extends pageOf(WorkerDto) {
  @ApiProperty({ type: [UnservedOperationDto], description: 'Operations whose jobs wait and that no worker can run now.' })
  unserved!: UnservedOperationDto[];
}
