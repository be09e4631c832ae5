import { Body, Controller, Get, HttpCode, Put, Query, Req, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentCaller, Roles } from '../auth/index.js';
import type { Caller } from '../common/caller.js';
import { RequestInvalidError } from '../common/errors/request.errors.js';
import { ApiProblems } from '../common/http/api-problems.js';
import { ClientGone } from '../common/http/client-gone.js';
import { etagOf, type ExpectedVersion, IfMatch } from '../common/http/etag.js';
import { PageQueryDto } from '../common/http/page.js';
import { sendList } from '../common/http/send-list.js';
import { deployCheckOf } from './deploy-check.js';
import {
  changeDtoOf,
  DeployCheckDto,
  deployCheckDtoOf,
  MaintenanceChangePageDto,
  MaintenanceDto,
  maintenanceDtoOf,
  MaintenanceQueryDto,
  SetMaintenanceDto,
  settingOf,
} from './maintenance.dto.js';
import { MaintenanceService } from './maintenance.service.js';
import { QuietWaits } from './quiet-waits.js';

const defaultWaitSeconds = 30;
const longestWaitSeconds = 300;

function waitMissing(): RequestInvalidError {
  const message = 'timeout is only known together with wait=quiet';
  return new RequestInvalidError(message, [{ pointer: '?timeout', code: 'unexpected', message }]);
}

/**
 * The maintenance switch on the native API.
 * @see API.md 5
 */
@ApiTags('maintenance')
@Controller('api/v1/maintenance')
export class MaintenanceController {
  constructor(
    private readonly maintenance: MaintenanceService,
    private readonly waits: QuietWaits,
  ) {}

  @Get()
  @Roles('reader')
  @RouteConfig({ handlerSeconds: longestWaitSeconds + 10 })
  @ApiOperation({
    summary: 'The maintenance switch, and the jobs it waits for; with `wait=quiet` when it is quiet',
    operationId: 'getMaintenance',
  })
  @ApiOkResponse({ type: MaintenanceDto, headers: { ETag: { schema: { type: 'string' } } } })
  @ApiProblems(400, 409)
  async get(
    @Query() { wait, timeout }: MaintenanceQueryDto,
    @ClientGone() gone: AbortSignal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MaintenanceDto> {
    if (timeout !== undefined && wait === undefined) throw waitMissing();
    const view = wait ? await this.waits.untilQuiet(timeout ?? defaultWaitSeconds, gone) : await this.maintenance.view();
    reply.header('ETag', etagOf(view.number));
    return maintenanceDtoOf(view);
  }

  @Get('deploy-check')
  @Roles('reader')
  @ApiOperation({ summary: 'May I deploy?', operationId: 'checkDeploy' })
  @ApiOkResponse({ type: DeployCheckDto })
  async deployCheck(): Promise<DeployCheckDto> {
    return deployCheckDtoOf(deployCheckOf(await this.maintenance.view()));
  }

  @Put()
  @HttpCode(200)
  @Roles('pipeline', 'operator')
  @ApiOperation({ summary: 'Set the maintenance switch', operationId: 'setMaintenance' })
  @ApiHeader({
    name: 'If-Match',
    required: true,
    description: 'ETag of the switch that you have seen, or `*`. A PUT that changes nothing is always 200.',
  })
  @ApiOkResponse({ type: MaintenanceDto, headers: { ETag: { schema: { type: 'string' } } } })
  @ApiProblems(400, 412, 413, 415, 428)
  async set(
    @Body() body: SetMaintenanceDto,
    @IfMatch() expected: ExpectedVersion | undefined,
    @CurrentCaller() caller: Caller,
    @ClientGone() gone: AbortSignal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MaintenanceDto> {
    const view = await this.maintenance.set({ setting: settingOf(body), expected }, caller, gone);
    reply.header('ETag', etagOf(view.number));
    return maintenanceDtoOf(view);
  }

  @Get('history')
  @Roles('reader')
  @ApiOperation({ summary: 'All changes of the switch, newest first', operationId: 'listMaintenanceHistory' })
  @ApiOkResponse({ type: MaintenanceChangePageDto })
  @ApiProblems(400)
  async history(@Query() query: PageQueryDto, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await sendList({ request, reply }, query, async (wanted) => {
      const page = await this.maintenance.history(wanted);
      return { ...page, items: page.items.map(changeDtoOf) };
    });
  }
}
