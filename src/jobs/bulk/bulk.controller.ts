import { Body, Controller, HttpCode, Logger, Post, Req } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExtraModels, ApiHeader, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { CurrentCaller, CurrentRoles, Roles } from '../../auth/index.js';
import type { Caller, Role } from '../../common/caller.js';
import { ApiProblems } from '../../common/http/api-problems.js';
import { toAppError } from '../../common/http/framework-errors.js';
import { type IdempotencyKey, IdempotencyKeyOf } from '../../common/http/idempotency.js';
import { problemOf } from '../../common/http/problem.js';
import { inParallel } from '../../common/in-parallel.js';
import { translateMongoError } from '../../database/mongo-errors.js';
import { JobPresenter } from '../job-presenter.js';
import type { CreateJobDto } from '../jobs.dto.js';
import { BulkCreation } from './bulk-creation.js';
import { BulkJobs } from './bulk-jobs.service.js';
import { type BulkChange, bulkRequestOf } from './bulk-requests.js';
import { BulkAnswerDto, BulkDryRunDto, BulkDto, type BulkResultDto } from './bulk.dto.js';

const sampleSize = 20;
/** A thousand transactions take some seconds. */
const handlerSeconds = 120;
/** More ids than the body has room for, so that too many of them are told from what is no body at all. */
const bodyLimits = { items: 30_000 };
/** Changes of different jobs do not wait for each other. */
const atATime = 8;

type Act = (index: number) => Promise<{ jobId: string; status: string }>;
const path = '/api/v1/jobs/bulk';

/**
 * Many jobs with one call.
 * @see API.md 2, "Bulk"
 */
@ApiTags('jobs')
@ApiExtraModels(BulkAnswerDto, BulkDryRunDto)
@Controller('api/v1/jobs/bulk')
export class BulkController {
  private readonly logger = new Logger('Jobs');

  constructor(
    private readonly bulk: BulkJobs,
    private readonly creation: BulkCreation,
    private readonly presenter: JobPresenter,
  ) {}

  @Post()
  @HttpCode(200)
  @Roles('operator', 'pipeline')
  @RouteConfig({ handlerSeconds, bodyLimits })
  @ApiOperation({
    summary: 'Create, cancel, retry, release or edit many jobs',
    description:
      'Up to 500 jobs are created, up to 1,000 changed. The answer is 200 also when every item failed. Creating needs `pipeline` or `operator`, all else `operator`.',
    operationId: 'bulkJobs',
  })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'For create: each item is created once for its place and content.' })
  @ApiOkResponse({ schema: { oneOf: [{ $ref: getSchemaPath(BulkAnswerDto) }, { $ref: getSchemaPath(BulkDryRunDto) }] } })
  @ApiProblems(400, 409, 413, 415)
  async run(
    @Body() body: BulkDto,
    @CurrentRoles() roles: readonly Role[],
    @CurrentCaller() caller: Caller,
    @IdempotencyKeyOf() key: IdempotencyKey | undefined,
    @Req() request: FastifyRequest,
  ): Promise<BulkAnswerDto | BulkDryRunDto> {
    const wanted = await bulkRequestOf(body, roles);
    if (wanted.action === 'create') {
      if (body.dryRun) return this.dryCreation(wanted.items, caller);
      const create: Act = (index) => this.creation.create(wanted.items[index]!, { index, key, caller });
      return this.answer(wanted.items.length, { atATime: 1, ids: null, act: create, requestId: request.id }); // in order, as their times of creation
    }
    if (body.dryRun) return this.dryRun(wanted);
    const ids = await this.bulk.idsOf(wanted);
    const apply: Act = (index) => this.bulk.apply(ids[index]!, wanted, caller);
    return this.answer(ids.length, { atATime, ids, act: apply, requestId: request.id });
  }

  private async dryRun(change: BulkChange): Promise<BulkDryRunDto> {
    const { matched, excluded } = await this.bulk.plan(change);
    return {
      matched: matched.length,
      ids: matched.map(({ _id }) => _id),
      sample: await this.presenter.showAll(matched.slice(0, sampleSize)),
      excluded: excluded.map((each) => ({ index: null, ...each })),
    };
  }

  private async dryCreation(items: readonly CreateJobDto[], caller: Caller): Promise<BulkDryRunDto> {
    const { jobs, excluded } = await this.creation.plan(items, caller);
    return {
      matched: jobs.length,
      ids: [],
      sample: await this.creation.preview(jobs.slice(0, sampleSize), caller),
      excluded: [...excluded],
    };
  }

  private async answer(
    count: number,
    run: { atATime: number; ids: readonly string[] | null; act: Act; requestId: string },
  ): Promise<BulkAnswerDto> {
    const results = await inParallel([...new Array(count).keys()], run.atATime, (index) => this.resultOf(index, run));
    const failed = results.filter(({ problem }) => problem !== null).length;
    return { succeeded: count - failed, failed, results };
  }

  private async resultOf(
    index: number,
    { ids, act, requestId }: { ids: readonly string[] | null; act: Act; requestId: string },
  ): Promise<BulkResultDto> {
    try {
      const { jobId, status } = await act(index);
      return { index, jobId, status, problem: null };
    } catch (error) {
      const known = toAppError(error, path, [translateMongoError]);
      if (known.kind === 'unexpected') this.logger.error({ message: 'an item of a bulk request failed unexpectedly', error });
      return { index, jobId: ids?.[index] ?? null, status: null, problem: problemOf(known, path, requestId) };
    }
  }
}
