import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentCaller, Roles } from '../auth/index.js';
import type { Caller } from '../common/caller.js';
import { ApiProblems } from '../common/http/api-problems.js';
import { sendList } from '../common/http/send-list.js';
import type { HeldJob } from './held-work.js';
import { DrainWorkerDto, type HeldJobDto, WorkerDto, WorkerListQueryDto, WorkerPageDto } from './workers.dto.js';
import { WorkersService, type WorkerView } from './workers.service.js';

/**
 * Workers of the native protocol.
 * @see API.md 5
 */
@ApiTags('workers')
@Controller('api/v1/workers')
export class WorkersController {
  constructor(private readonly workers: WorkersService) {}

  @Get()
  @Roles('reader')
  @ApiOperation({ summary: 'List workers, what they hold, and operations that none can run', operationId: 'listWorkers' })
  @ApiOkResponse({ type: WorkerPageDto })
  @ApiProblems(400)
  async list(@Query() query: WorkerListQueryDto, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const unserved = (await this.workers.unserved()).map(({ operation, since }) => ({ operation, since: since.toISOString() }));
    await sendList({ request, reply }, query, async (wanted): Promise<WorkerPageDto> => {
      const page = await this.workers.page(wanted);
      return { ...page, items: page.items.map(workerDtoOf), unserved };
    });
  }

  @Get(':workerId')
  @Roles('reader')
  @ApiOperation({ summary: 'One worker and what it holds', operationId: 'getWorker' })
  @ApiOkResponse({ type: WorkerDto })
  @ApiProblems(404)
  async get(@Param('workerId') workerId: string): Promise<WorkerDto> {
    return workerDtoOf(await this.workers.get(workerId));
  }

  @Put(':workerId/drain')
  @HttpCode(200)
  @Roles('operator')
  @ApiOperation({ summary: 'Let a worker finish what it runs, and give it nothing more', operationId: 'drainWorker' })
  @ApiOkResponse({ type: WorkerDto })
  @ApiProblems(400, 404, 413, 415)
  async drain(
    @Param('workerId') workerId: string,
    @Body() { reason }: DrainWorkerDto,
    @CurrentCaller() caller: Caller,
  ): Promise<WorkerDto> {
    return workerDtoOf(await this.workers.drain(workerId, reason, caller));
  }

  @Delete(':workerId/drain')
  @HttpCode(200)
  @Roles('operator')
  @ApiOperation({ summary: 'Give a worker jobs again', operationId: 'undrainWorker' })
  @ApiOkResponse({ type: WorkerDto })
  @ApiProblems(404)
  async undrain(@Param('workerId') workerId: string, @CurrentCaller() caller: Caller): Promise<WorkerDto> {
    return workerDtoOf(await this.workers.undrain(workerId, caller));
  }

  @Delete(':workerId')
  @HttpCode(204)
  @Roles('operator')
  @ApiOperation({ summary: 'Forget a worker that holds nothing, until it claims again', operationId: 'forgetWorker' })
  @ApiNoContentResponse({ description: 'Forgotten' })
  @ApiProblems(404, 409)
  async forget(@Param('workerId') workerId: string, @CurrentCaller() caller: Caller): Promise<void> {
    await this.workers.forget(workerId, caller);
  }
}

const heldJobDtoOf = ({ claimedAt, leaseExpiresAt, ...job }: HeldJob): HeldJobDto => ({
  ...job,
  claimedAt: claimedAt.toISOString(),
  leaseExpiresAt: leaseExpiresAt.toISOString(),
});

function workerDtoOf(worker: WorkerView): WorkerDto {
  const { workerId, workerVersion, operations, status, firstSeenAt, lastSeenAt, drain, jobs } = worker;
  return {
    workerId,
    version: workerVersion,
    operations: [...operations],
    state: status,
    firstSeenAt: firstSeenAt.toISOString(),
    lastSeenAt: lastSeenAt.toISOString(),
    drain: drain && { at: drain.at.toISOString(), by: drain.by, reason: drain.reason },
    jobs: jobs.map(heldJobDtoOf),
  };
}
