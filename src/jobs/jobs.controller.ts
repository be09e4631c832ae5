import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentCaller, Roles } from '../auth/index.js';
import type { Caller } from '../common/caller.js';
import { ApiProblems } from '../common/http/api-problems.js';
import { etagOf, type ExpectedVersion, IfMatch } from '../common/http/etag.js';
import { type IdempotencyKey, IdempotencyKeyOf, type StoredAnswer } from '../common/http/idempotency.js';
import { sendList } from '../common/http/send-list.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { JobIdempotentCreation } from './job-idempotent-creation.js';
import { filterOf, JobListQueryDto } from './job-list-query.dto.js';
import { toJobDto } from './job-mapper.js';
import { JobRetries } from './job-retries.js';
import { checkOperations, editOf, newJobOf } from './job-requests.js';
import type { JobView } from './job-views.js';
import { JobDto, JobPageDto } from './job-answers.dto.js';
import { CancelJobDto, CreateJobDto, EditJobDto, RetryJobDto } from './jobs.dto.js';
import { isFinal } from './jobs-lifecycle.js';
import { JobsReader } from './jobs.reader.js';
import { type CreateRequest, JobsService } from './jobs.service.js';

const etag = { headers: { ETag: { description: 'Version of the job.', schema: { type: 'string' } } } } as const;
const ifMatch = { name: 'If-Match', required: false, description: 'ETag of the version that you have seen, or `*`.' } as const;

const idempotencyKey = {
  name: 'Idempotency-Key',
  required: false,
  description: '1-255 ASCII characters; a repeat within 24 h gets the first answer.',
} as const;

/**
 * Jobs on the native API: lists and changes.
 * @see API.md 2
 */
@ApiTags('jobs')
@Controller('api/v1/jobs')
export class JobsController {
  constructor(
    private readonly jobs: JobsService,
    private readonly reader: JobsReader,
    private readonly keyed: JobIdempotentCreation,
    private readonly retries: JobRetries,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Get()
  @Roles('reader')
  @ApiOperation({ summary: 'List jobs', operationId: 'listJobs' })
  @ApiOkResponse({ type: JobPageDto })
  @ApiProblems(400)
  async list(@Query() query: JobListQueryDto, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    checkOperations(query.operation, this.settings.jobsExtraOperations, '?operation');
    await sendList({ request, reply }, query, async (wanted) => {
      const { limit, cursor, count, sort = '-createdAt' } = wanted;
      const page = await this.reader.page({ filter: filterOf(wanted), sort, limit, cursor, count });
      return { ...page, items: page.items.map((job) => toJobDto(job, this.settings.jobsStaleSeconds)) };
    });
  }

  @Post()
  @HttpCode(201)
  @Roles('pipeline', 'operator')
  @ApiOperation({ summary: 'Create a job', operationId: 'createJob' })
  @ApiHeader(idempotencyKey)
  @ApiResponse({ status: 201, type: JobDto, description: 'Created', ...etag })
  @ApiOkResponse({ type: JobDto, description: 'The job that holds the dataset, with `onConflict: "return"`', ...etag })
  @ApiProblems(400, 409, 413, 415, 422)
  async create(
    @Body() body: CreateJobDto,
    @IdempotencyKeyOf() key: IdempotencyKey | undefined,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const { jobsExtraOperations: extraOperations } = this.settings;
    const job = newJobOf(body, { defaults: this.jobs.defaults, extraOperations, actor: caller.actor });
    this.jobs.checkEnabled(job.operation);
    return this.createOnce({ job, onConflict: body.onConflict ?? 'refuse' }, { key, caller, reply });
  }

  @Post(':jobId/retry')
  @HttpCode(201)
  @Roles('operator')
  @ApiOperation({ summary: 'Run a finished job again, as a new job', operationId: 'retryJob' })
  @ApiHeader(idempotencyKey)
  @ApiResponse({ status: 201, type: JobDto, description: 'Created', ...etag })
  @ApiProblems(400, 404, 409, 413, 415, 422)
  async retry(
    @Param('jobId') jobId: string,
    @Body() { reason, parameters }: RetryJobDto,
    @IdempotencyKeyOf() key: IdempotencyKey | undefined,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const job = await this.retries.jobFor(jobId, { reason, parameters, actor: caller.actor });
    return this.createOnce({ job, onConflict: 'refuse' }, { key, caller, reply });
  }

  /** Creates a job, once for a key, and answers with it or with the one that holds the dataset. */
  private async createOnce(
    request: CreateRequest,
    { key, caller, reply }: { key: IdempotencyKey | undefined; caller: Caller; reply: FastifyReply },
  ): Promise<unknown> {
    if (!key) {
      const outcome = await this.jobs.create(request, caller);
      return send(reply, this.answerFor(outcome.job, outcome.created ? 201 : 200));
    }
    const outcome = await this.keyed.create({ ...request, key, answerFor: (created) => this.answerFor(created, 201) }, caller);
    if (outcome.kind === 'held') return send(reply, this.answerFor(outcome.holder, 200));
    if (outcome.value.replayed) reply.header('Idempotency-Replayed', 'true');
    return send(reply, outcome.value);
  }

  @Patch(':jobId')
  @HttpCode(200)
  @Roles('operator')
  @ApiOperation({ summary: 'Edit an unfinished job (JSON merge patch)', operationId: 'editJob' })
  @ApiHeader(ifMatch)
  @ApiBody({ type: EditJobDto })
  @ApiOkResponse({ type: JobDto, ...etag })
  @ApiProblems(400, 404, 409, 412, 413, 415)
  async edit(
    @Param('jobId') jobId: string,
    @Body() body: EditJobDto,
    @IfMatch() expected: ExpectedVersion | undefined,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    return send(reply, this.answerFor(await this.jobs.edit(jobId, { edit: editOf(body), expected }, caller), 200));
  }

  @Post(':jobId/cancel')
  @HttpCode(200)
  @Roles('operator')
  @ApiOperation({
    summary: 'Cancel a job: at once while queued or forced, else with the next word of its worker',
    operationId: 'cancelJob',
  })
  @ApiHeader(ifMatch)
  @ApiOkResponse({ type: JobDto, description: 'Cancelled', ...etag })
  @ApiResponse({ status: 202, type: JobDto, description: 'The worker will be told', ...etag })
  @ApiProblems(400, 404, 409, 412, 413, 415)
  async cancel(
    @Param('jobId') jobId: string,
    @Body() { reason, force = false }: CancelJobDto,
    @IfMatch() expected: ExpectedVersion | undefined,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const job = await this.jobs.cancel(jobId, { reason, force, expected }, caller);
    return send(reply, this.answerFor(job, isFinal(job.status) ? 200 : 202));
  }

  private answerFor(job: JobView, status: 200 | 201 | 202): StoredAnswer {
    const location = status === 200 ? null : `/api/v1/jobs/${job._id}`;
    return { status, location, body: toJobDto(job, this.settings.jobsStaleSeconds) };
  }
}

/** Sets status and headers of an answer with a job; its body is what the handler returns. */
function send(reply: FastifyReply, { status, location, body }: StoredAnswer): unknown {
  void reply.status(status).header('ETag', etagOf((body as JobDto).version));
  if (location) void reply.header('Location', location);
  return body;
}
