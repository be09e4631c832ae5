import { ApiProperty } from '@nestjs/swagger';
import { pageOf } from '../common/http/page.js';
import type { TargetRow } from './target-rows.js';

/** Who asked for the job behind a row. */
export class TargetActorDto {
  @ApiProperty()
  id!: string;

  @ApiProperty()
  name!: string;
}

/** What last happened to a target. */
export class TargetDto {
  @ApiProperty()
  name!: string;

  @ApiProperty({
    enum: ['queued', 'running', 'completed', 'failed', 'cancelled'],
    description: 'State of its unfinished job, else how the last one ended.',
  })
  status!: string;

  @ApiProperty({ type: [String], example: ['RELEASED', '2.1.0'], description: 'Operation and its arguments.' })
  action!: string[];

  @ApiProperty({ format: 'date-time' })
  lastUpdatedAt!: string;

  @ApiProperty({ type: TargetActorDto })
  lastUpdatedBy!: TargetActorDto;

  @ApiProperty()
  lastJobId!: string;
}

/** A page of targets, by name. */
export class TargetPageDto extends pageOf(TargetDto) {}

/** A row as the native API shows it. */
export function targetDtoOf(row: TargetRow): TargetDto {
  const { id, firstName, lastName } = row.lastUpdatedBy;
  return {
    name: row.name,
    status: row.status,
    action: [...row.action],
    lastUpdatedAt: row.lastUpdatedAt.toISOString(),
    lastUpdatedBy: { id, name: `${firstName} ${lastName}`.trim() },
    lastJobId: row.lastJobId,
  };
}
