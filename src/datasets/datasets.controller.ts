import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Roles } from '../auth/index.js';
import { ApiProblems } from '../common/http/api-problems.js';
import { PageQueryDto } from '../common/http/page.js';
import { sendList } from '../common/http/send-list.js';
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
  async list(@Query() query: PageQueryDto, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await sendList({ request, reply }, query, async (wanted) => {
      const page = await this.datasets.list(wanted);
      return { ...page, items: page.items.map(datasetDtoOf) };
    });
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
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await sendList({ request, reply }, query, (wanted) => this.datasets.jobsOf(name, wanted));
  }
}
