import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Roles } from '../auth/index.js';
import { ApiProblems } from '../common/http/api-problems.js';
import { linkHeaderOf, type Page, PageQueryDto } from '../common/http/page.js';
import { DatasetDto, datasetDtoOf, DatasetPageDto } from './datasets.dto.js';
import { DatasetsService } from './datasets.service.js';

/**
 * Datasets on the native API.
 * @see API.md 5
 */
@ApiTags('datasets')
@Controller('api/v1/datasets')
export class DatasetsController {
  constructor(private readonly datasets: DatasetsService) {}

  @Get()
  @Roles('reader')
  @ApiOperation({ summary: 'Datasets by name: targets, active jobs and importable files united', operationId: 'listDatasets' })
  @ApiOkResponse({ type: DatasetPageDto })
  @ApiProblems(400)
  async list(
    @Query() query: PageQueryDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DatasetPageDto> {
    const page = withLink(await this.datasets.list(query), request, reply);
    return { ...page, items: page.items.map(datasetDtoOf) };
  }

  @Get(':name')
  @Roles('reader')
  @ApiOperation({ summary: 'One dataset', operationId: 'getDataset' })
  @ApiOkResponse({ type: DatasetDto })
  @ApiProblems(400, 404)
  async get(@Param('name') name: string): Promise<DatasetDto> {
    return datasetDtoOf(await this.datasets.get(name));
  }

  @Get(':name/jobs')
  @Roles('reader')
  @ApiOperation({
    summary: 'The jobs of a dataset, newest first',
    description: 'Those that have it as dataset, and BUMP jobs that name it in their manifesto.',
    operationId: 'listDatasetJobs',
  })
  @ApiOkResponse({ schema: { $ref: '#/components/schemas/JobPageDto' } })
  @ApiProblems(400, 404)
  async jobs(
    @Param('name') name: string,
    @Query() query: PageQueryDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Page<object>> {
    return withLink(await this.datasets.jobsOf(name, query), request, reply);
  }
}

function withLink<P extends Page<unknown>>(page: P, request: FastifyRequest, reply: FastifyReply): P {
  const link = linkHeaderOf(page, request.url);
  if (link !== undefined) reply.header('Link', link);
  return page;
}
