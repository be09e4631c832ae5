import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Roles } from '../auth/index.js';
import { ApiProblems } from '../common/http/api-problems.js';
import { PageQueryDto } from '../common/http/page.js';
import { sendList } from '../common/http/send-list.js';
import { TargetDto, targetDtoOf, TargetPageDto } from './targets.dto.js';
import { TargetNotFoundError } from './targets.errors.js';
import { TargetsReader } from './targets.service.js';

/**
 * Targets on the native API.
 * @see API.md 5
 */
@ApiTags('targets')
@Controller('api/v1/targets')
export class TargetsController {
  constructor(private readonly targets: TargetsReader) {}

  @Get()
  @Roles('reader')
  @ApiOperation({ summary: 'What last happened to each target, by name', operationId: 'listTargets' })
  @ApiOkResponse({ type: TargetPageDto })
  @ApiProblems(400)
  async list(@Query() query: PageQueryDto, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await sendList({ request, reply }, query, async (wanted) => {
      const page = await this.targets.page(wanted);
      return { ...page, items: page.items.map(targetDtoOf) };
    });
  }

  @Get(':name')
  @Roles('reader')
  @ApiOperation({ summary: 'What last happened to one target', operationId: 'getTarget' })
  @ApiOkResponse({ type: TargetDto })
  @ApiProblems(404)
  async get(@Param('name') name: string): Promise<TargetDto> {
    const row = await this.targets.findRow(name);
    if (!row) throw new TargetNotFoundError(name);
    return targetDtoOf(row);
  }
}
