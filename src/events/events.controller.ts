import { Controller, Get, Headers, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Roles, tokenEndsAtMs } from '../auth/index.js';
import { RequestInvalidError } from '../common/errors/request.errors.js';
import { ApiProblems } from '../common/http/api-problems.js';
import { sendList } from '../common/http/send-list.js';
import { checkTopics } from './event-topics.js';
import { EventListQueryDto, EventStreamQueryDto, filterOf } from './event-query.dto.js';
import { EventPageDto } from './events.dto.js';
import { type EventPageRequest, EventsReader } from './events.reader.js';
import { OutboxRegistry } from './outbox-registry.js';
import { EventStreams } from './stream/event-streams.js';

const eventStreamType = 'text/event-stream';

/**
 * What happened, in pages and as a live stream.
 * @see API.md 6
 */
@ApiTags('events')
@Controller('api/v1/events')
export class EventsController {
  constructor(
    private readonly reader: EventsReader,
    private readonly streams: EventStreams,
    private readonly registry: OutboxRegistry,
  ) {}

  @Get()
  @Roles('reader')
  @ApiOperation({ summary: 'What happened: every change of every object, newest first', operationId: 'listEvents' })
  @ApiOkResponse({ type: EventPageDto })
  @ApiProblems(400)
  async list(@Query() query: EventListQueryDto, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    checkTopics(query, this.registry.topics);
    await sendList({ request, reply }, query, (page) => this.reader.page(requestOf(page)));
  }

  @Get('stream')
  @Roles('reader')
  @ApiOperation({
    summary: 'What happens, live',
    description:
      'Server-sent events: `id` is the number, `event` the type, `data` the event as in `GET /api/v1/events`. `event: reset` says that the events behind the given ' +
      'number are not kept, or that the number is ahead: load your lists again. `event: goodbye` says that this process stops: connect again.',
    operationId: 'streamEvents',
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'Replays the events behind this number first; goes before `afterSeq`.',
  })
  @ApiOkResponse({ content: { [eventStreamType]: { schema: { type: 'string' } } } })
  @ApiProblems(400)
  async stream(
    @Query() query: EventStreamQueryDto,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    checkTopics(query, this.registry.topics);
    const after = lastEventId ? seqOf(lastEventId) : query.afterSeq;
    const admitted = await this.streams.admit({ filter: filterOf(query), after, endsAtMs: tokenEndsAtMs(request) });
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), 'content-type': eventStreamType, 'x-accel-buffering': 'no' });
    if (request.method !== 'HEAD' && !raw.destroyed) return admitted.open(raw);
    admitted.abandon();
    raw.end();
  }
}

function requestOf(query: EventListQueryDto): EventPageRequest {
  const { limit, cursor, count, afterSeq } = query;
  const sort = query.sort ?? (afterSeq === undefined ? '-seq' : 'seq');
  const order = sort === 'seq' ? 'oldest-first' : 'newest-first';
  return { filter: filterOf(query), afterSeq, order, limit, cursor, count };
}

/** @throws RequestInvalidError when the header holds no number of ours */
function seqOf(header: string): number {
  const seq = Number(header);
  if (/^\d{1,16}$/.test(header) && Number.isSafeInteger(seq)) return seq;
  const message = 'Last-Event-ID must be the id of an event of this stream';
  throw new RequestInvalidError(message, [{ pointer: 'Last-Event-ID', code: 'format', message }]);
}
