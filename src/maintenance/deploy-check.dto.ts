import { ApiProperty } from '@nestjs/swagger';
import { blockerKinds, type DeployCheck } from './deploy-check.js';

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

/** The answer of GET maintenance/deploy-check. */
export function deployCheckDtoOf({ mayDeploy, sentence, blockers }: DeployCheck): DeployCheckDto {
  return { mayDeploy, sentence, blockers: blockers.map(({ kind, count, items }) => ({ kind, count, items: [...items] })) };
}
