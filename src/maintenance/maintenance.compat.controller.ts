import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiBadRequestResponse, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CompatRoles, CurrentCaller } from '../auth/index.js';
import type { Caller } from '../common/caller.js';
import { ClientGone } from '../common/http/client-gone.js';
import { type CompatMaintenanceStatus, compatStatusOf, settingOfStatusRequest } from './maintenance.compat.js';
import { MaintenanceService } from './maintenance.service.js';

const statusSchema = {
  type: 'object',
  required: ['msg', 'paused', 'timestamp'],
  properties: {
    msg: { type: 'string' },
    paused: { type: 'boolean' },
    timestamp: { type: 'string', description: 'UTC, `YYYY-MM-DD HH:MM:SS.ffffff`.' },
  },
};
const messageSchema = { type: 'object', required: ['message'], properties: { message: { type: 'string' } } };
const requestSchema = {
  type: 'object',
  required: ['msg', 'paused'],
  additionalProperties: false,
  properties: { msg: { type: 'string' }, paused: { type: 'boolean', description: 'Also 1, 0 and the usual words.' } },
};

/**
 * The job service's maintenance API, under the paths of all its versions.
 * @see contracts/jobs.md 9
 */
@ApiTags('compat: job service')
@Controller()
export class MaintenanceCompatController {
  constructor(private readonly maintenance: MaintenanceService) {}

  @Get(['maintenance-status', 'maintenance-statuses/latest'])
  @CompatRoles('reader')
  @ApiOperation({ summary: 'The newest maintenance status', operationId: 'compatGetMaintenanceStatus' })
  @ApiOkResponse({ schema: statusSchema })
  async latest(@ClientGone() gone: AbortSignal): Promise<CompatMaintenanceStatus> {
    return compatStatusOf(await this.maintenance.newestRecord(gone));
  }

  @Get(['maintenance-history', 'maintenance-statuses'])
  @CompatRoles('reader')
  @ApiOperation({ summary: 'All maintenance statuses, newest first', operationId: 'compatListMaintenanceStatuses' })
  @ApiOkResponse({ schema: { type: 'array', items: statusSchema } })
  async history(@ClientGone() gone: AbortSignal): Promise<CompatMaintenanceStatus[]> {
    return (await this.maintenance.allRecords(gone)).map(compatStatusOf);
  }

  @Post(['maintenance-status', 'maintenance-statuses'])
  @HttpCode(200)
  @CompatRoles('pipeline', 'operator')
  @ApiOperation({ summary: 'Pause or resume: adds a maintenance status', operationId: 'compatAddMaintenanceStatus' })
  @ApiBody({ schema: requestSchema })
  @ApiOkResponse({ schema: statusSchema })
  @ApiBadRequestResponse({ description: 'The body is not JSON, or a field is missing or wrong', schema: messageSchema })
  async set(@Body() body: unknown, @CurrentCaller() caller: Caller, @ClientGone() gone: AbortSignal): Promise<CompatMaintenanceStatus> {
    return compatStatusOf(await this.maintenance.add(settingOfStatusRequest(body), caller, gone));
  }
}
