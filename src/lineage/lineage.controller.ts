import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiCreatedResponse, ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentCaller, Roles } from '../auth/index.js';
import type { Caller } from '../common/caller.js';
import { RequestInvalidError, RequestTooLargeError } from '../common/errors/request.errors.js';
import { exactItemsOf, exactValueOf } from '../common/exact-json.js';
import { ApiProblems } from '../common/http/api-problems.js';
import { problemOf } from '../common/http/problem.js';
import { type GraphFormat, graphMediaTypes, graphTextOf } from './graph/graph-text.js';
import { KeptEventDto, LineageBatchDto, LineageGraphDto, LineageQueryDto } from './lineage.dto.js';
import { LineageService } from './lineage.service.js';
import { type Node, parseNode } from './nodes.js';
import { OpenLineageIntake } from './openlineage/openlineage-intake.service.js';

/** Facets of column lineage are long lists, and objects with a key for each column. */
const bodyLimits = { items: 10_000, keys: 10_000 } as const;
/** Events are kept with their numbers as they were sent, of which JavaScript knows 16 digits. */
const keepsBodyText = true;
const maxBatch = 1_000;
const batchPath = '/api/v1/lineage/batch';
const event = {
  type: 'object',
  additionalProperties: true,
  description: 'A run, job or dataset event of OpenLineage 2-0-2.',
  externalDocs: { url: 'https://openlineage.io/spec/2-0-2/OpenLineage.json' },
} as const;

/**
 * The lineage graph, and the events of OpenLineage that feed it.
 * @see API.md 5
 */
@ApiTags('lineage')
@ApiExtraModels(LineageGraphDto)
@Controller('api/v1/lineage')
export class LineageController {
  constructor(
    private readonly lineage: LineageService,
    private readonly intake: OpenLineageIntake,
  ) {}

  @Get()
  @Roles('reader')
  @ApiOperation({
    summary: 'What a file, a dataset or a run was made from, or what was made from it',
    description: 'Also as a drawing: `format=dot` for Graphviz, `format=mermaid` for Mermaid, or by `Accept`.',
    operationId: 'getLineage',
  })
  @ApiOkResponse({
    content: {
      'application/json': { schema: { $ref: getSchemaPath(LineageGraphDto) } },
      [graphMediaTypes.dot]: { schema: { type: 'string' } },
      [graphMediaTypes.mermaid]: { schema: { type: 'string' } },
    },
  })
  @ApiProblems(400, 404)
  async walk(@Query() query: LineageQueryDto, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { direction, depth, format = formatFor(request.headers.accept) } = query;
    const answer = await this.lineage.walk({ node: nodeOf(query.node), direction, depth });
    if (format === 'json') await reply.send(answer);
    else await reply.header('content-type', `${graphMediaTypes[format]}; charset=utf-8`).send(graphTextOf(answer, format));
  }

  @Post()
  @HttpCode(201)
  @Roles('worker', 'pipeline', 'operator')
  @RouteConfig({ bodyLimits, keepsBodyText })
  @ApiOperation({
    summary: 'Take an event of OpenLineage',
    description: 'It is kept as it is, unknown facets included. The same event again changes nothing and is 200.',
    operationId: 'takeLineageEvent',
  })
  @ApiBody({ schema: event })
  @ApiCreatedResponse({ type: KeptEventDto })
  @ApiOkResponse({ type: KeptEventDto, description: 'It was kept before' })
  @ApiProblems(400, 413, 415)
  async take(
    @Body() body: unknown,
    @Req() { bodyText }: FastifyRequest,
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<KeptEventDto> {
    const kept = await this.intake.take(exactValueOf(bodyText, body), caller);
    if (kept.known) reply.status(200);
    return kept;
  }

  @Post('batch')
  @HttpCode(200)
  @Roles('worker', 'pipeline', 'operator')
  @RouteConfig({ bodyLimits, keepsBodyText, handlerSeconds: 60 })
  @ApiOperation({
    summary: 'Take many events of OpenLineage',
    description: 'Up to 1,000, each for itself. The answer is 200 also when every one was refused.',
    operationId: 'takeLineageEvents',
  })
  @ApiBody({ schema: { type: 'array', maxItems: maxBatch, items: event } })
  @ApiOkResponse({ type: LineageBatchDto })
  @ApiProblems(400, 413, 415)
  async takeAll(@Body() body: unknown, @Req() { bodyText }: FastifyRequest, @CurrentCaller() caller: Caller): Promise<LineageBatchDto> {
    if (!Array.isArray(body)) throw new RequestInvalidError('The body must be an array of events.');
    if (body.length > maxBatch) throw new RequestTooLargeError(`A batch may have ${maxBatch} events.`);
    const intakes = await this.intake.takeAll(exactItemsOf(bodyText, body), caller);
    const results = intakes.map((intake, index) =>
      'error' in intake
        ? { index, eventId: null, known: false, problem: problemOf(intake.error, batchPath, caller.requestId) }
        : { index, ...intake, problem: null },
    );
    const failed = results.filter(({ problem }) => problem !== null).length;
    return { succeeded: results.length - failed, failed, results };
  }
}

/** @throws RequestInvalidError when the text names no node */
function nodeOf(text: string): Node {
  const node = parseNode(text);
  if (node) return node;
  const message = 'node must be dataset:NAME, dataset:NAME@VERSION, file:PATH, run:UUID, trace:ID or job:ID';
  throw new RequestInvalidError(message, [{ pointer: '?node', code: 'format', message }]);
}

/** The form that a caller names in `Accept`; JSON where it names none of the others. */
function formatFor(accept = ''): GraphFormat {
  const named = Object.entries(graphMediaTypes).find(([, mediaType]) => accept.toLowerCase().includes(mediaType));
  return (named?.[0] as GraphFormat | undefined) ?? 'json';
}
