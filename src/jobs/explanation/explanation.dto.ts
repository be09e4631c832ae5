import { ApiProperty } from '@nestjs/swagger';
import type { Explanation } from './explanations.service.js';

const nullableInstant = { type: String, format: 'date-time', nullable: true } as const;
const count = { type: 'integer' } as const;

/** Workers that can run the operation. */
export class AbleWorkersDto {
  @ApiProperty(count)
  alive!: number;

  @ApiProperty(count)
  draining!: number;

  @ApiProperty(count)
  lost!: number;

  @ApiProperty({ description: 'A worker of the old routes asked for the operation in the last minute.' })
  compat!: boolean;
}

/** Who wanted that a job ends. */
export class CancellationDto {
  @ApiProperty()
  by!: string;

  @ApiProperty({ type: String, nullable: true })
  reason!: string | null;
}

/** What the sentences are made of. */
export class ExplanationFactsDto {
  @ApiProperty()
  status!: string;

  @ApiProperty({ format: 'date-time', description: "The database's time of this answer." })
  now!: string;

  @ApiProperty({ ...count, nullable: true, description: 'Queued jobs of the operation whose turn is before; null when finished.' })
  jobsBefore!: number | null;

  @ApiProperty(nullableInstant)
  notBefore!: string | null;

  @ApiProperty({
    type: Boolean,
    nullable: true,
    description: 'Maintenance keeps it from being handed out, but to the workers in its `allow`; null when finished.',
  })
  paused!: boolean | null;

  @ApiProperty({ type: AbleWorkersDto, nullable: true })
  workers!: AbleWorkersDto | null;

  @ApiProperty({ type: String, nullable: true })
  workerId!: string | null;

  @ApiProperty(nullableInstant)
  leaseExpiresAt!: string | null;

  @ApiProperty({ type: Boolean, nullable: true, description: 'Past its due time, maintenance not counted; null when finished.' })
  overdue!: boolean | null;

  @ApiProperty({ ...nullableInstant, description: 'From past runs of the operation; null unless running, or with too few known runs.' })
  expectedEndAt!: string | null;

  @ApiProperty({ type: CancellationDto, nullable: true, description: 'Who cancelled it, or asked its worker to end it.' })
  cancellation!: CancellationDto | null;
}

/** Why a job is where it is. */
export class ExplanationDto {
  @ApiProperty({ type: [String] })
  sentences!: string[];

  @ApiProperty({ type: ExplanationFactsDto })
  facts!: ExplanationFactsDto;
}

/** An explanation as the API shows it. */
export function explanationDtoOf({ sentences, job, surroundings, cancellation }: Explanation): ExplanationDto {
  const around = surroundings && {
    jobsBefore: surroundings.jobsBefore,
    paused: surroundings.pause !== null,
    workers: surroundings.workers,
    overdue: surroundings.overdue,
    expectedEndAt: surroundings.expectedEndAt?.toISOString() ?? null,
  };
  return {
    sentences: [...sentences],
    facts: {
      status: job.status,
      now: job.serverNow.toISOString(),
      ...(around ?? { jobsBefore: null, paused: null, workers: null, overdue: null, expectedEndAt: null }),
      notBefore: job.notBefore?.toISOString() ?? null,
      workerId: job.lease?.workerId ?? null,
      leaseExpiresAt: job.lease?.expiresAt.toISOString() ?? null,
      cancellation: cancellation && { by: cancellation.by, reason: cancellation.reason },
    },
  };
}
