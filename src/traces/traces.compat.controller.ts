import { Body, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentCaller, CurrentDatasetToken, DatasetAccess, type DatasetToken, UnauthenticatedError } from '../auth/index.js';
import type { Caller } from '../common/caller.js';
import { CompatError } from '../common/http/compat-error.js';
import { sendInChunks } from '../common/http/send-chunks.js';
import { createdSchema, eventSchema, foundSchema, newEventSchema, newTraceSchema } from './compat/compat-schemas.js';
import { EventRequest } from './compat/event-requests.js';
import { eventArray, eventText } from './compat/event-text.js';
import { s3PathIn } from './compat/s3-path.js';
import { TraceNotFoundError } from './traces.errors.js';
import { TracesService } from './traces.service.js';

const messageAnswer = (status: number, description: string) =>
  ApiResponse({ status, description, schema: { type: 'object', required: ['message'], properties: { message: { type: 'string' } } } });

/** Bodies are JSON whatever their content type says, and free-form fields are bounded by size and depth alone. */
const anyJson = { anyContentType: true, keepsBodyText: true, bodyLimits: { keys: Infinity, items: Infinity } };

/** Runs a use case and tells its refusals in the words of the original. */
async function inItsWords<T>(work: () => Promise<T>, notFound?: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TraceNotFoundError && notFound !== undefined) throw new CompatError(404, notFound);
    if (error instanceof UnauthenticatedError) throw new CompatError(401, 'Unauthorized', error.headers);
    throw error;
  }
}

const sendJson = async (reply: FastifyReply, text: string): Promise<void> => {
  await reply.header('content-type', 'application/json').send(Buffer.from(text));
};

/**
 * The trace service's API, as its SDK, its command line, the function wrapper and the uploader call it, below the prefix of its gateway and without it.
 * @see contracts/traces.md 4
 */
@ApiTags('compat: trace service')
@Controller(['status-api', ''])
export class TracesCompatController {
  constructor(private readonly traces: TracesService) {}

  @Post('status')
  @HttpCode(200)
  @DatasetAccess()
  @RouteConfig(anyJson)
  @ApiOperation({ summary: 'Create a trace with its first event', operationId: 'compatCreateTrace' })
  @ApiBody({ schema: newTraceSchema })
  @ApiOkResponse({ schema: createdSchema })
  @messageAnswer(400, 'The body is not JSON, or lacks a field')
  async create(
    @Body() body: unknown,
    @Req() { bodyText }: FastifyRequest,
    @CurrentDatasetToken() token: DatasetToken,
    @CurrentCaller() caller: Caller,
  ): Promise<{ trace_id: string }> {
    const request = new EventRequest(body, bodyText);
    return { trace_id: await inItsWords(() => this.traces.create(request, { token, caller })) };
  }

  @Post('status/:traceId')
  @HttpCode(200)
  @DatasetAccess()
  @RouteConfig(anyJson)
  @ApiOperation({ summary: 'Append an event to a trace', operationId: 'compatAppendTraceEvent' })
  @ApiParam({ name: 'traceId', type: String })
  @ApiBody({ schema: newEventSchema })
  @ApiOkResponse({ schema: eventSchema })
  @messageAnswer(400, 'The body is not JSON, or lacks a field')
  @messageAnswer(404, 'No such trace')
  async append(
    @Param('traceId') traceId: string,
    @Body() body: unknown,
    @Req() { bodyText }: FastifyRequest,
    @Res() reply: FastifyReply,
    @CurrentDatasetToken() token: DatasetToken,
    @CurrentCaller() caller: Caller,
  ): Promise<void> {
    const request = new EventRequest(body, bodyText);
    const unknown = `Could not find the requested item to update: ${traceId}`;
    await sendJson(reply, eventText(await inItsWords(() => this.traces.append(traceId, request, { token, caller }), unknown)));
  }

  @Get('status/:traceId')
  @DatasetAccess()
  @ApiOperation({ summary: 'All events of a trace, by start time', operationId: 'compatListTraceEvents' })
  @ApiParam({ name: 'traceId', type: String })
  @ApiOkResponse({ schema: { type: 'array', minItems: 1, items: eventSchema } })
  @messageAnswer(404, 'No such trace')
  async read(
    @Param('traceId') traceId: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @CurrentDatasetToken() token: DatasetToken,
  ): Promise<void> {
    const events = await inItsWords(() => this.traces.streamEvents(traceId, token), `Could not find item: ${traceId}`);
    await sendInChunks({ request, reply }, 'application/json', eventArray(events));
  }

  @Get('status-from-path/*')
  @DatasetAccess()
  @ApiOperation({ summary: 'The trace created last for a file, whose path is given in base64', operationId: 'compatFindTraceOfPath' })
  @ApiParam({ name: 'path', type: String, description: 'Base64 of the path in either alphabet, padded or not; may hold `/`.' })
  @ApiOkResponse({ schema: foundSchema })
  @messageAnswer(404, 'No trace has an event of this path')
  async find(@Req() request: FastifyRequest, @CurrentDatasetToken() token: DatasetToken): Promise<{ id: string; trace_id: string }> {
    const s3Path = s3PathIn((request.params as { '*': string })['*']);
    const id = await inItsWords(() => this.traces.findByS3Path(s3Path, token), 'Could not find item');
    return { id, trace_id: id };
  }
}
