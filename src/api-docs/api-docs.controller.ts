import { Controller, Get, Header, Headers, Inject, Param, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public } from '../auth/index.js';
import { definedErrors } from '../common/errors/app-error.js';
import { ApiProblems } from '../common/http/api-problems.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { versionOf } from '../observability/index.js';
import { ErrorPageNotFoundError } from './api-docs.errors.js';
import { errorDocument, errorListPage, errorPage } from './error-pages.js';
import { openApiText } from './openapi-file.js';
import { referencePage } from './reference-page.js';

const html = 'text/html; charset=utf-8';

/** Which Signalbox this is. */
export class VersionDto {
  @ApiProperty({ example: 'signalbox' })
  name!: string;

  @ApiProperty({ example: '0.1.0' })
  version!: string;

  @ApiProperty({ example: 'v1' })
  api!: string;
}

/**
 * The description of the API, its interactive page, and the pages of its errors.
 * @see API.md 5
 */
@ApiTags('about')
@Controller()
export class ApiDocsController {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  @Get('api/v1/version')
  @Public()
  @ApiOperation({ summary: 'Version of the service', operationId: 'getVersion' })
  @ApiOkResponse({ type: VersionDto })
  version(): VersionDto {
    return { name: 'signalbox', version: versionOf(this.settings), api: 'v1' };
  }

  @Get('api/openapi.json')
  @Public()
  @Header('content-type', 'application/json')
  @ApiOperation({ summary: 'This description, as JSON', operationId: 'getOpenApiJson' })
  @ApiOkResponse({ description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } })
  openApiJson(): string {
    return openApiText();
  }

  @Get('api/openapi.yaml')
  @Public()
  @Header('content-type', 'application/yaml')
  @ApiOperation({ summary: 'This description, as YAML', operationId: 'getOpenApiYaml' })
  @ApiOkResponse({ description: 'OpenAPI 3.1', content: { 'application/yaml': { schema: { type: 'string' } } } })
  async openApiYaml(): Promise<string> {
    const { stringify } = await import('yaml'); // rarely wanted
    return stringify(JSON.parse(openApiText()));
  }

  @Get('docs')
  @Public()
  @Header('content-type', html)
  @ApiOperation({ summary: 'Interactive description of the API', operationId: 'getApiPage' })
  @ApiOkResponse({ description: 'HTML', content: { 'text/html': { schema: { type: 'string' } } } })
  reference(): string {
    return referencePage();
  }

  @Get('docs/errors')
  @Public()
  @Header('content-type', html)
  @ApiOperation({ summary: 'All errors', operationId: 'listErrorPages' })
  @ApiOkResponse({ description: 'HTML', content: { 'text/html': { schema: { type: 'string' } } } })
  errors(): string {
    return errorListPage();
  }

  @Get('docs/errors/:code')
  @Public()
  @ApiOperation({ summary: 'Cause and cure of an error; JSON where that is preferred', operationId: 'getErrorPage' })
  @ApiOkResponse({
    description: 'HTML or JSON',
    content: { 'text/html': { schema: { type: 'string' } }, 'application/json': { schema: { type: 'object' } } },
  })
  @ApiProblems(404)
  error(
    @Param('code') code: string,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): unknown {
    const spec = definedErrors().find((candidate) => candidate.code === code);
    if (!spec) throw new ErrorPageNotFoundError(code);
    if (accept?.includes('application/json')) return errorDocument(spec);
    void reply.type(html);
    return errorPage(spec);
  }
}
