import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CompatRoles } from '../auth/index.js';
import { naiveIso } from '../common/compat/timestamps.js';
import { itemsText, sendJsonArray } from '../common/http/json-array.js';
import type { TargetRow } from './target-rows.js';
import { TargetsReader } from './targets.service.js';

const text = { type: 'string' } as const;
const targetSchema = {
  type: 'object',
  required: ['name', 'lastUpdatedAt', 'status', 'lastUpdatedBy', 'action'],
  properties: {
    name: text,
    lastUpdatedAt: { type: 'string', description: 'UTC without a zone, six digits of fraction.' },
    status: text,
    lastUpdatedBy: { type: 'object', properties: { userId: text, firstName: text, lastName: text } },
    action: { type: 'array', items: text },
  },
};

/**
 * The job service's targets.
 * @see contracts/jobs.md 7
 */
@ApiTags('compat: job service')
@Controller()
export class TargetsCompatController {
  constructor(private readonly targets: TargetsReader) {}

  @Get('targets')
  @CompatRoles('reader')
  @ApiOperation({ summary: 'What last happened to each target', operationId: 'compatListTargets' })
  @ApiOkResponse({ schema: { type: 'array', items: targetSchema } })
  async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await sendJsonArray(request, reply, shown(this.targets.streamCompatRows()));
  }
}

async function* shown(batches: AsyncIterable<TargetRow[]>): AsyncGenerator<string> {
  for await (const rows of batches) yield itemsText(rows.map(compatTargetOf));
}

/** A row in the JSON of the original. */
function compatTargetOf({ name, lastUpdatedAt, compatStatus, lastUpdatedBy, action }: TargetRow) {
  const { id: userId, firstName, lastName } = lastUpdatedBy;
  return { name, lastUpdatedAt: naiveIso(lastUpdatedAt), status: compatStatus, lastUpdatedBy: { userId, firstName, lastName }, action };
}
