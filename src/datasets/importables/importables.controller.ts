import { Controller, Delete, Get, HttpCode, Param, Query, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentCaller, Roles } from '../../auth/index.js';
import type { Caller } from '../../common/caller.js';
import { ApiProblems } from '../../common/http/api-problems.js';
import { PageQueryDto } from '../../common/http/page.js';
import { sendList } from '../../common/http/send-list.js';
import { ImportableDeletionsService } from './importable-deletions.service.js';
import { ImportablePages } from './importable-pages.js';
import { DeleteImportableQueryDto, ImportableDto, importableDtoOf, ImportablePageDto } from './importables.dto.js';
import { ImportablesService } from './importables.service.js';

/**
 * Importable files on the native API.
 * @see API.md 5
 */
@ApiTags('datasets')
@Controller('api/v1/importables')
export class ImportablesController {
  constructor(
    private readonly importables: ImportablesService,
    private readonly pages: ImportablePages,
    private readonly deletions: ImportableDeletionsService,
  ) {}

  @Get()
  @Roles('reader')
  @ApiOperation({ summary: 'Importable files, by name', operationId: 'listImportables' })
  @ApiOkResponse({ type: ImportablePageDto })
  @ApiProblems(400)
  async list(@Query() query: PageQueryDto, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await sendList({ request, reply }, query, async (wanted) => {
      const page = await this.pages.read(wanted);
      return { ...page, items: page.items.map(importableDtoOf) };
    });
  }

  @Get(':name')
  @Roles('reader')
  @ApiOperation({
    summary: 'One importable file',
    description: 'That in the input folder, else that in the archive.',
    operationId: 'getImportable',
  })
  @ApiOkResponse({ type: ImportableDto })
  @ApiProblems(404)
  async get(@Param('name') name: string): Promise<ImportableDto> {
    return importableDtoOf(await this.importables.get(name));
  }

  @Delete(':name')
  @HttpCode(204)
  @Roles('operator')
  @ApiOperation({
    summary: 'Delete an importable file',
    description: 'From the input folder, whether or not it is readable; never from the archive.',
    operationId: 'deleteImportable',
  })
  @ApiNoContentResponse()
  @ApiProblems(400, 404, 409)
  async delete(@Param('name') name: string, @Query() query: DeleteImportableQueryDto, @CurrentCaller() caller: Caller): Promise<void> {
    await this.deletions.delete(name, query.reason ?? null, caller);
  }
}
