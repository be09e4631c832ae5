import { Controller, Get, Header, Headers, HttpCode, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../../auth/index.js';
import { HealthChecks, type HealthReport } from './health-checks.js';
import { HealthReportDto } from './health.dto.js';
import { Readiness } from './readiness.js';

/** As the original job service sends its texts, to the letter. */
const textType = 'text/html; charset=utf-8';
const text = { schema: { type: 'string' } };
const report = { schema: { $ref: getSchemaPath(HealthReportDto) } };

const sentences = {
  ready: () => "I'm ready!",
  failing: ({ checks }: HealthReport) =>
    `I'm not ready: ${checks.flatMap(({ name, ok, decides }) => (ok || !decides ? [] : [name])).join(', ')}`,
  starting: () => "I'm not ready: starting",
  stopping: () => "I'm not ready: stopping",
} as const satisfies Record<HealthReport['status'], (report: HealthReport) => string>;

const retryAfterSeconds = 2;

/**
 * What load balancers and container engines ask.
 * @see API.md 7
 * @see contracts/jobs.md 11
 */
@ApiTags('operations')
@ApiExtraModels(HealthReportDto)
@Controller('health')
export class HealthController {
  constructor(
    private readonly checks: HealthChecks,
    private readonly readiness: Readiness,
  ) {}

  @Get(['live', 'alive'])
  @Public()
  @HttpCode(200)
  @Header('content-type', textType)
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Whether the process runs', operationId: 'getLiveness' })
  @ApiOkResponse({ description: 'The event loop turns.', content: { 'text/html': text } })
  live(): string {
    return "I'm alive!";
  }

  @Get('ready')
  @Public()
  @ApiOperation({
    summary: 'Whether the process can do its work',
    operationId: 'getReadiness',
    description: 'Named checks for `Accept: application/json`.',
  })
  @ApiOkResponse({ description: 'Every check is well.', content: { 'text/html': text, 'application/json': report } })
  @ApiServiceUnavailableResponse({
    description: 'Starting, stopping, or a check fails.',
    content: { 'text/html': text, 'application/json': report },
  })
  async ready(@Headers('accept') accept: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const found = await this.checks.report();
    const json = accept?.includes('application/json') === true;
    this.prepare(reply, found.status === 'ready', json ? 'application/json' : textType);
    return json ? JSON.stringify(found) : sentences[found.status](found);
  }

  @Get('startup')
  @Public()
  @ApiOperation({ summary: 'Whether the start is over', operationId: 'getStartup' })
  @ApiOkResponse({ description: 'Migration and first sweep are done.', content: { 'text/html': text } })
  @ApiServiceUnavailableResponse({ description: 'Still starting.', content: { 'text/html': text } })
  startup(@Res({ passthrough: true }) reply: FastifyReply): string {
    const started = this.readiness.phase !== 'starting';
    this.prepare(reply, started, textType);
    return started ? "I'm started!" : "I'm starting!";
  }

  private prepare(reply: FastifyReply, well: boolean, type: string): void {
    void reply
      .status(well ? 200 : 503)
      .header('content-type', type)
      .header('cache-control', 'no-store');
    if (!well) reply.header('retry-after', String(retryAfterSeconds));
  }
}
