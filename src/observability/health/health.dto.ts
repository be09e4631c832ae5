import { ApiProperty } from '@nestjs/swagger';
import { type HealthReport, healthStatuses, type NamedCheck } from './health-checks.js';

/** One check in the answer. */
export class NamedCheckDto implements NamedCheck {
  @ApiProperty({ type: 'string', examples: ['database', 'replicaSet', 'indexes', 'schema', 'disk', 'relay'] })
  readonly name!: string;

  @ApiProperty({ type: 'boolean' })
  readonly ok!: boolean;

  @ApiProperty({ type: 'string', nullable: true, description: 'A few words, or null.' })
  readonly detail!: string | null;

  @ApiProperty({ type: 'boolean', description: 'False: only shown, readiness does not depend on it.' })
  readonly decides!: boolean;
}

/** The answer of `/health/ready` for `Accept: application/json`. */
export class HealthReportDto implements HealthReport {
  @ApiProperty({ enum: healthStatuses })
  readonly status!: HealthReport['status'];

  @ApiProperty({ type: [NamedCheckDto], description: 'Empty when stopping.' })
  readonly checks!: readonly NamedCheckDto[];
}
