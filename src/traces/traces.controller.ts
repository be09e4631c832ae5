import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Roles } from '../auth/index.js';
import { ApiProblems } from '../common/http/api-problems.js';
import { PageQueryDto } from '../common/http/page.js';
import { sendList } from '../common/http/send-list.js';
import { filterOf, TraceListQueryDto } from './reading/trace-list-query.dto.js';
import { traceDtoOf, traceEventDtoOf } from './reading/trace-mapper.js';
import { TraceEventPageDto, TracePageDto, TraceWithLinksDto } from './traces.dto.js';
import { TracesReader } from './reading/traces.reader.js';

/**
 * Traces on the native API.
 * @see API.md 5
 */
@ApiTags('traces')
@Controller('api/v1/traces')
export class TracesController {
  constructor(private readonly traces: TracesReader) {}

  @Get()
  @Roles('reader')
  @ApiOperation({ summary: 'List traces', operationId: 'listTraces' })
  @ApiOkResponse({ type: TracePageDto })
  @ApiProblems(400)
  async list(@Query() query: TraceListQueryDto, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await sendList({ request, reply }, query, async (wanted) => {
      const { limit, cursor, count, sort = '-createdAt' } = wanted;
      const page = await this.traces.page({ filter: filterOf(wanted), sort, limit, cursor, count });
      return { ...page, items: page.items.map(traceDtoOf) };
    });
  }

  @Get(':traceId')
  @Roles('reader')
  @ApiOperation({ summary: 'One trace with what it is linked to', operationId: 'getTrace' })
  @ApiOkResponse({ type: TraceWithLinksDto })
  @ApiProblems(404)
  async get(@Param('traceId') traceId: string): Promise<TraceWithLinksDto> {
    const { trace, eventCount, jobs } = await this.traces.get(traceId);
    const eventsLink = `/api/v1/traces/${encodeURIComponent(traceId)}/events`;
    return { ...traceDtoOf(trace), eventCount, jobs: jobs.map((job) => ({ ...job, createdAt: job.createdAt.toISOString() })), eventsLink };
  }

  @Get(':traceId/events')
  @Roles('reader')
  @ApiOperation({ summary: 'Every event of a trace as it was received, by start', operationId: 'listTraceEvents' })
  @ApiOkResponse({ type: TraceEventPageDto })
  @ApiProblems(400, 404)
  async events(
    @Param('traceId') traceId: string,
    @Query() query: PageQueryDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await sendList({ request, reply }, query, async (wanted) => {
      const page = await this.traces.pageOfEvents(traceId, wanted);
      return { ...page, items: page.items.map(traceEventDtoOf) };
    });
  }
}
