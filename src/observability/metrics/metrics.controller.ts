import { createHash, timingSafeEqual } from 'node:crypto';
import { Controller, Get, Headers, Inject, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags, ApiUnauthorizedResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../../auth/index.js';
import { CompatError } from '../../common/http/compat-error.js';
import { SETTINGS, type Settings } from '../../config/settings.js';
import { MetricSources } from './metric-sources.js';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** True when the header carries the token; takes the same time wherever they differ. */
function carries(authorization: string | undefined, token: string): boolean {
  return timingSafeEqual(digest(authorization?.replace(/^Bearer +/i, '') ?? ''), digest(token)) && /^Bearer +/i.test(authorization ?? '');
}

/**
 * What Prometheus scrapes.
 * @see API.md 7
 */
@ApiTags('operations')
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly sources: MetricSources,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'metricsToken'>,
  ) {}

  @Get()
  @Public()
  @ApiOperation({
    summary: 'Metrics for Prometheus',
    operationId: 'getMetrics',
    description: 'Public, unless `METRICS_TOKEN` is set: then a bearer of exactly that token.',
  })
  @ApiOkResponse({ description: 'Prometheus text format.', content: { 'text/plain': { schema: { type: 'string' } } } })
  @ApiUnauthorizedResponse({ description: 'The token is missing or wrong.' })
  async metrics(
    @Headers('authorization') authorization: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { metricsToken } = this.settings;
    if (metricsToken !== null && !carries(authorization, metricsToken)) {
      throw new CompatError(401, 'Metrics need the bearer token of METRICS_TOKEN.', { 'WWW-Authenticate': 'Bearer realm="metrics"' });
    }
    void reply.header('content-type', this.sources.contentType).header('cache-control', 'no-store');
    return this.sources.scrape();
  }
}
