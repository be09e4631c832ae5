import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Roles } from '../auth/index.js';
import { ApiProblems } from '../common/http/api-problems.js';
import { etagOf } from '../common/http/etag.js';
import { PageQueryDto } from '../common/http/page.js';
import { sendList } from '../common/http/send-list.js';
import { EventHistory } from '../events/index.js';
import { ExplanationDto, explanationDtoOf } from './explanation/explanation.dto.js';
import { Explanations } from './explanation/explanations.service.js';
import { logPageOf } from './job-log-page.js';
import { historyDtoOf } from './job-mapper.js';
import { JobPresenter } from './job-presenter.js';
import { JobHistoryPageDto, JobLogPageDto, JobWithHistoryDto } from './job-answers.dto.js';
import { JobsService } from './jobs.service.js';
import { RunEstimates } from './run-estimates.js';

/**
 * One job on the native API: itself, its log and its history.
 * @see API.md 2
 */
@ApiTags('jobs')
@Controller('api/v1/jobs/:jobId')
export class JobController {
  constructor(
    private readonly jobs: JobsService,
    private readonly history: EventHistory,
    private readonly explanations: Explanations,
    private readonly presenter: JobPresenter,
    private readonly estimates: RunEstimates,
  ) {}

  @Get()
  @Roles('reader')
  @ApiOperation({ summary: 'One job with its newest 100 changes', operationId: 'getJob' })
  @ApiOkResponse({ type: JobWithHistoryDto, headers: { ETag: { schema: { type: 'string' } } } })
  @ApiProblems(404)
  async get(@Param('jobId') jobId: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<JobWithHistoryDto> {
    const job = await this.jobs.get(jobId);
    const [shown, history, expectedEndAt] = await Promise.all([
      this.presenter.show(job),
      this.history.of(jobId, job.outbox),
      this.estimates.expectedEndOf(job),
    ]);
    reply.header('ETag', etagOf(job.version));
    return { ...shown, expectedEndAt: expectedEndAt?.toISOString() ?? null, history: history.map(historyDtoOf) };
  }

  @Get('log')
  @Roles('reader')
  @ApiOperation({ summary: 'Log of a job, oldest line first', operationId: 'getJobLog' })
  @ApiOkResponse({ type: JobLogPageDto })
  @ApiProblems(400, 404)
  async log(
    @Param('jobId') jobId: string,
    @Query() query: PageQueryDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const job = await this.jobs.getWithLog(jobId);
    await sendList({ request, reply }, query, (wanted) => logPageOf(job, wanted));
  }

  @Get('events')
  @Roles('reader')
  @ApiOperation({ summary: 'All changes of a job, newest first', operationId: 'listJobEvents' })
  @ApiOkResponse({ type: JobHistoryPageDto })
  @ApiProblems(400, 404)
  async events(
    @Param('jobId') jobId: string,
    @Query() query: PageQueryDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const job = await this.jobs.get(jobId);
    await sendList({ request, reply }, query, async (wanted) => {
      const page = await this.history.pageOf(jobId, job.outbox, wanted);
      return { ...page, items: page.items.map(historyDtoOf) };
    });
  }

  @Get('explain')
  @Roles('reader')
  @ApiOperation({ summary: 'Why a job is where it is, in a few sentences', operationId: 'explainJob' })
  @ApiOkResponse({ type: ExplanationDto })
  @ApiProblems(404)
  async explain(@Param('jobId') jobId: string): Promise<ExplanationDto> {
    return explanationDtoOf(await this.explanations.of(jobId));
  }
}
