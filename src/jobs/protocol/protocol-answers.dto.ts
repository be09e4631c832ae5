import { ApiProperty } from '@nestjs/swagger';
import { JobDto } from '../job-answers.dto.js';
import { emptyReasons } from './claims.service.js';

const nullableText = { type: String, nullable: true } as const;

/** Answer of POST jobs/claim: a job under a lease, or why there is none. */
export class ClaimAnswerDto {
  @ApiProperty({ type: JobDto, nullable: true })
  job!: JobDto | null;

  @ApiProperty({ ...nullableText, description: 'Proves that you hold the job; send it with every further call.' })
  leaseToken!: string | null;

  @ApiProperty({ ...nullableText, format: 'date-time' })
  leaseExpiresAt!: string | null;

  @ApiProperty({ type: 'integer', nullable: true, description: 'How often to beat.' })
  heartbeatSeconds!: number | null;

  @ApiProperty({ enum: emptyReasons, type: String, nullable: true, description: 'Why there is no job; no error.' })
  reason!: (typeof emptyReasons)[number] | null;

  @ApiProperty(nullableText)
  detail!: string | null;

  @ApiProperty({ type: 'integer', nullable: true })
  retryAfterSeconds!: number | null;
}

/** Somebody wants the job to stop. */
export class CancelControlDto {
  @ApiProperty()
  reason!: string;

  @ApiProperty()
  by!: string;
}

/** The worker should claim no more. */
export class DrainControlDto {
  @ApiProperty(nullableText)
  reason!: string | null;
}

/** What a worker is told with each heartbeat. */
export class ControlDto {
  @ApiProperty({ type: CancelControlDto, nullable: true, description: 'Stop: fail or release.' })
  cancel!: CancelControlDto | null;

  @ApiProperty({ type: DrainControlDto, nullable: true, description: 'Finish or release, and claim no more.' })
  drain!: DrainControlDto | null;
}

/** Answer of POST jobs/{id}/heartbeat. */
export class HeartbeatAnswerDto {
  @ApiProperty({ format: 'date-time' })
  leaseExpiresAt!: string;

  @ApiProperty({ type: 'integer' })
  heartbeatSeconds!: number;

  @ApiProperty({ type: ControlDto })
  control!: ControlDto;

  @ApiProperty({ type: 'integer', description: 'Version of the job.' })
  version!: number;
}
