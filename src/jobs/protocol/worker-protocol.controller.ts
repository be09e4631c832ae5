import { Body, Controller, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CurrentCaller, CurrentRoles, Roles } from '../../auth/index.js';
import type { Caller, Role } from '../../common/caller.js';
import { ApiProblems } from '../../common/http/api-problems.js';
import { ClientGone } from '../../common/http/client-gone.js';
import { etagOf, type ExpectedVersion, IfMatch } from '../../common/http/etag.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { JobDto } from '../job-answers.dto.js';
import { JobPresenter } from '../job-presenter.js';
import { checkOperations } from '../job-requests.js';
import type { JobView } from '../job-views.js';
import { type Claimed, ClaimsService, type NoJob } from './claims.service.js';
import { LeasesService } from './leases.service.js';
import { OperatorActions } from './operator-actions.service.js';
import { ClaimAnswerDto, HeartbeatAnswerDto } from './protocol-answers.dto.js';
import { actorOf, claimOf, completionOf, failureOf, heartbeatOf } from './protocol-requests.js';
import { ClaimDto, CompleteDto, FailDto, HeartbeatDto, ReleaseDto, SnoozeDto } from './protocol.dto.js';

const etag = { headers: { ETag: { description: 'Version of the job.', schema: { type: 'string' } } } } as const;
const ifMatch = {
  name: 'If-Match',
  required: false,
  description: 'For an operator: ETag of the version that you have seen, or `*`. A worker names its token instead.',
} as const;
/** Beyond the longest wait, so that the handler's own time limit never ends it. */
const claimHandlerSeconds = 40;

/** A third of the lease. */
const heartbeatSecondsOf = (leaseSeconds: number): number => Math.max(1, Math.floor(leaseSeconds / 3));

/**
 * The protocol of workers: claim a job, keep its lease, end it.
 * @see API.md 4
 */
@ApiTags('workers')
@Controller('api/v1/jobs')
export class WorkerProtocolController {
  constructor(
    private readonly claims: ClaimsService,
    private readonly leases: LeasesService,
    private readonly operators: OperatorActions,
    private readonly presenter: JobPresenter,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Post('claim')
  @HttpCode(200)
  @Roles('worker')
  @RouteConfig({ handlerSeconds: claimHandlerSeconds })
  @ApiOperation({ summary: 'Claim one job, waiting for one if asked to', operationId: 'claimJob' })
  @ApiOkResponse({ type: ClaimAnswerDto })
  @ApiProblems(400, 413, 415)
  async claim(@Body() body: ClaimDto, @CurrentCaller() caller: Caller, @ClientGone() gone: AbortSignal): Promise<ClaimAnswerDto> {
    checkOperations({ wanted: body.operations, refused: [] }, this.settings.jobsExtraOperations, '/operations');
    const outcome = await this.claims.claim(claimOf(body, this.settings.jobsMinLeaseSeconds), caller, gone);
    return 'job' in outcome ? this.claimedAnswer(outcome) : emptyAnswer(outcome);
  }

  private async claimedAnswer({ job, lease }: Claimed): Promise<ClaimAnswerDto> {
    return {
      job: await this.presenter.show(job),
      leaseToken: lease.token,
      leaseExpiresAt: lease.expiresAt.toISOString(),
      heartbeatSeconds: heartbeatSecondsOf(lease.seconds),
      reason: null,
      detail: null,
      retryAfterSeconds: null,
    };
  }

  @Post(':jobId/heartbeat')
  @HttpCode(200)
  @Roles('worker')
  @ApiOperation({ summary: 'Keep the lease, and report progress', operationId: 'heartbeatJob' })
  @ApiOkResponse({ type: HeartbeatAnswerDto })
  @ApiProblems(400, 404, 409, 413, 415)
  async heartbeat(@Param('jobId') jobId: string, @Body() body: HeartbeatDto, @CurrentCaller() caller: Caller): Promise<HeartbeatAnswerDto> {
    const { job, control } = await this.leases.heartbeat({ id: jobId, token: body.leaseToken, caller }, heartbeatOf(body));
    const { expiresAt, seconds } = job.lease!;
    return { leaseExpiresAt: expiresAt.toISOString(), heartbeatSeconds: heartbeatSecondsOf(seconds), control, version: job.version };
  }

  @Post(':jobId/complete')
  @HttpCode(200)
  @Roles('worker')
  @ApiOperation({ summary: 'End the job as completed', operationId: 'completeJob' })
  @ApiOkResponse({ type: JobDto, ...etag })
  @ApiProblems(400, 404, 409, 413, 415)
  async complete(
    @Param('jobId') jobId: string,
    @Body() body: CompleteDto,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JobDto> {
    return this.answer(reply, await this.leases.complete({ id: jobId, token: body.leaseToken, caller }, completionOf(body)));
  }

  @Post(':jobId/fail')
  @HttpCode(200)
  @Roles('worker', 'operator')
  @ApiOperation({ summary: 'End the attempt as failed, or, as an operator, the job', operationId: 'failJob' })
  @ApiHeader(ifMatch)
  @ApiOkResponse({ type: JobDto, ...etag })
  @ApiProblems(400, 404, 409, 412, 413, 415)
  async fail(
    @Param('jobId') jobId: string,
    @Body() body: FailDto,
    @CurrentCaller() caller: Caller,
    @CurrentRoles() roles: readonly Role[],
    @IfMatch() expected: ExpectedVersion | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JobDto> {
    const actor = actorOf(body, roles);
    const failed =
      actor.kind === 'worker'
        ? await this.leases.fail({ id: jobId, token: actor.leaseToken, caller }, failureOf(actor.leaseToken, body))
        : await this.operators.fail(jobId, { reason: actor.reason, expected }, caller);
    return this.answer(reply, failed);
  }

  @Post(':jobId/snooze')
  @HttpCode(200)
  @Roles('worker')
  @ApiOperation({ summary: 'Put the job off; no failure', operationId: 'snoozeJob' })
  @ApiOkResponse({ type: JobDto, ...etag })
  @ApiProblems(400, 404, 409, 413, 415)
  async snooze(
    @Param('jobId') jobId: string,
    @Body() { leaseToken, seconds, reason }: SnoozeDto,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JobDto> {
    return this.answer(reply, await this.leases.snooze({ id: jobId, token: leaseToken, caller }, { seconds, reason: reason ?? null }));
  }

  @Post(':jobId/release')
  @HttpCode(200)
  @Roles('worker', 'operator')
  @ApiOperation({ summary: 'Give the job back, or, as an operator, take it from its holder', operationId: 'releaseJob' })
  @ApiHeader(ifMatch)
  @ApiOkResponse({ type: JobDto, ...etag })
  @ApiProblems(400, 404, 409, 412, 413, 415)
  async release(
    @Param('jobId') jobId: string,
    @Body() body: ReleaseDto,
    @CurrentCaller() caller: Caller,
    @CurrentRoles() roles: readonly Role[],
    @IfMatch() expected: ExpectedVersion | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<JobDto> {
    const actor = actorOf(body, roles);
    const released =
      actor.kind === 'worker'
        ? await this.leases.release({ id: jobId, token: actor.leaseToken, caller }, body.reason ?? null)
        : await this.operators.release(jobId, { reason: actor.reason, expected }, caller);
    return this.answer(reply, released);
  }

  private answer(reply: FastifyReply, job: JobView): Promise<JobDto> {
    void reply.header('ETag', etagOf(job.version));
    return this.presenter.show(job);
  }
}

const emptyAnswer = ({ reason, detail, retryAfterSeconds }: NoJob): ClaimAnswerDto => ({
  job: null,
  leaseToken: null,
  leaseExpiresAt: null,
  heartbeatSeconds: null,
  reason,
  detail,
  retryAfterSeconds,
});
