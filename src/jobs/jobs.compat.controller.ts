import { Body, Controller, Get, HttpCode, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { assertSameSite, CompatCookies, CompatRoles, type CookieUser, CurrentCaller, JobCookies } from '../auth/index.js';
import type { Caller } from '../common/caller.js';
import { ClientGone } from '../common/http/client-gone.js';
import { CompatError } from '../common/http/compat-error.js';
import { sendJsonArray } from '../common/http/json-array.js';
import { isReferenceOperation, referenceOperations } from '../common/operations.js';
import { CompatPolls } from '../workers/index.js';
import { type CompatJob, compatJobOf } from './compat/compat-job.js';
import { CompatCreation, type CreationResult } from './compat/compat-creation.js';
import { jobSchema, newJobsSchema, resultSchema, statusReportSchema } from './compat/compat-schemas.js';
import { readJobsQuery, readNewJobs, readStatusReport } from './compat/job-requests.js';
import { StatusReports } from './compat/status-reports.service.js';
import { compatStatuses } from './jobs-lifecycle.js';
import { JobNotFoundError } from './jobs.errors.js';
import { JobsReader } from './jobs.reader.js';
import { JobsService } from './jobs.service.js';

const messageSchema = { type: 'object', required: ['message'], properties: { message: { type: 'string' } } };
const messageAnswer = (status: number, description: string) => ApiResponse({ status, description, schema: messageSchema });
const jobArray = { schema: { type: 'array', items: jobSchema } };

/**
 * The job service's jobs API, as its workers and its front end call it.
 * @see contracts/jobs.md 4
 */
@ApiTags('compat: job service')
@Controller()
export class JobsCompatController {
  constructor(
    private readonly jobs: JobsService,
    private readonly reader: JobsReader,
    private readonly creation: CompatCreation,
    private readonly reports: StatusReports,
    private readonly cookies: JobCookies,
    private readonly polls: CompatPolls,
  ) {}

  @Get('jobs')
  @CompatRoles('reader')
  @ApiOperation({ summary: 'All jobs: unfinished ones, then finished ones', operationId: 'compatListJobs' })
  @ApiQuery({ name: 'status', required: false, enum: compatStatuses })
  @ApiQuery({ name: 'operation', required: false, description: 'Operations with commas between them.' })
  @ApiQuery({ name: 'ignoreCompleted', required: false, description: 'A boolean word; true leaves out finished jobs.' })
  @ApiOkResponse(jobArray)
  @messageAnswer(400, 'A filter value is not known')
  async list(@Query() query: Record<string, unknown>, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { status, operations, ignoreCompleted } = readJobsQuery(query);
    if (status === 'queued') this.polls.note(operations.length > 0 ? operations : referenceOperations);
    await sendJsonArray(request, reply, this.reader.compatList({ status, operations, ignoreCompleted }));
  }

  @Post('jobs')
  @HttpCode(200)
  @CompatCookies()
  @RouteConfig({ bodyLimits: { items: 10_000 }, handlerSeconds: 60 })
  @ApiOperation({ summary: 'Create jobs: one result for each, in order', operationId: 'compatCreateJobs' })
  @ApiBody({ schema: newJobsSchema })
  @ApiOkResponse({ schema: { type: 'array', items: resultSchema } })
  @messageAnswer(400, 'The body is not valid; nothing was created')
  async create(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @CurrentCaller() caller: Caller,
    @ClientGone() stopped: AbortSignal,
  ): Promise<CreationResult[]> {
    const items = readNewJobs(body);
    assertSameSite(request);
    const user = await this.cookies.verify(request.headers.cookie);
    return this.creation.createAll(items, { user, caller: callerOf(user, caller), stopped });
  }

  @Get('jobs/:jobId')
  @CompatRoles('reader')
  @ApiOperation({ summary: 'One job', operationId: 'compatGetJob' })
  @ApiParam({ name: 'jobId', type: String })
  @ApiOkResponse({ schema: jobSchema })
  @messageAnswer(404, 'No such job')
  async get(@Param('jobId') jobId: string): Promise<CompatJob> {
    const job = await this.jobs.getWithLog(jobId).catch((error: unknown) => {
      if (error instanceof JobNotFoundError) throw new CompatError(404, `No job found for jobId: ${jobId}`);
      throw error;
    });
    if (!isReferenceOperation(job.operation)) throw new CompatError(404, `No job found for jobId: ${jobId}`);
    return compatJobOf(job);
  }

  @Put('jobs/:jobId')
  @HttpCode(200)
  @CompatRoles('worker')
  @ApiOperation({ summary: 'Report status, description or a log line of a job', operationId: 'compatUpdateJob' })
  @ApiParam({ name: 'jobId', type: String })
  @ApiBody({ schema: statusReportSchema })
  @ApiOkResponse({ schema: messageSchema })
  @messageAnswer(400, 'The body is not valid')
  @messageAnswer(404, 'No unfinished job has this id')
  @messageAnswer(409, 'A worker of the native protocol holds the job')
  async report(@Param('jobId') jobId: string, @Body() body: unknown, @CurrentCaller() caller: Caller): Promise<{ message: string }> {
    const outcome = await this.reports.take(jobId, readStatusReport(body), caller);
    if (outcome === 'notFound') throw new CompatError(404, `Could not find job with id ${jobId}`);
    if (outcome === 'leased')
      throw new CompatError(409, `Job ${jobId} is held by a worker's lease; only that worker may report its status`);
    return { message: `Updated job with jobId ${jobId}` };
  }

  @Get('targets/:name/jobs')
  @CompatRoles('reader')
  @ApiOperation({ summary: 'Jobs of a target, those included whose manifesto names it', operationId: 'compatListTargetJobs' })
  @ApiParam({ name: 'name', type: String })
  @ApiOkResponse(jobArray)
  async listOfTarget(@Param('name') name: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await sendJsonArray(request, reply, this.reader.compatListOfTarget(name));
  }
}

/** The user of the cookies as the one who acts. */
function callerOf(user: CookieUser, caller: Caller): Caller {
  const name = `${user.firstName} ${user.lastName}`.trim();
  return { ...caller, actor: { ...caller.actor, id: user.userId, name: name || user.userId, role: 'pipeline' } };
}
