import { Controller, Delete, Get, HttpCode, Param, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { CompatRoles, CurrentCaller } from '../../auth/index.js';
import type { Caller } from '../../common/caller.js';
import { RouteUnknownError } from '../../common/errors/request.errors.js';
import { CompatError } from '../../common/http/compat-error.js';
import { DatasetBusyError } from '../datasets.errors.js';
import { ImportableDeletionsService } from './importable-deletions.service.js';
import { isImportableName } from './importable-folder.js';
import { ImportableNotDeletableError, ImportableNotFoundError, InputFolderUnreadableError } from './importables.errors.js';
import { ImportablesService } from './importables.service.js';

/** A row of the original's list. */
interface CompatImportable {
  readonly datasetName: string;
  readonly hasMetadata: boolean;
  readonly hasData: boolean;
  readonly isArchived: boolean;
}

const importableSchema = {
  type: 'object',
  required: ['datasetName', 'hasMetadata', 'hasData', 'isArchived'],
  properties: {
    datasetName: { type: 'string' },
    hasMetadata: { type: 'boolean' },
    hasData: { type: 'boolean' },
    isArchived: { type: 'boolean' },
  },
};
const messageSchema = { type: 'object', required: ['message'], properties: { message: { type: 'string' } } };
const message = (status: number, description: string) => ApiResponse({ status, description, schema: messageSchema });

/**
 * The job service's importable datasets.
 * @see contracts/jobs.md 8
 */
@ApiTags('compat: job service')
@Controller('importable-datasets')
export class ImportablesCompatController {
  constructor(
    private readonly importables: ImportablesService,
    private readonly deletions: ImportableDeletionsService,
  ) {}

  @Get()
  @CompatRoles('reader')
  @ApiOperation({ summary: 'All importable datasets, those in the archive last', operationId: 'compatListImportables' })
  @ApiOkResponse({ schema: { type: 'array', items: importableSchema } })
  @message(500, 'The input folder cannot be read')
  async list(): Promise<CompatImportable[]> {
    const importables = await this.importables.list().catch(rethrow);
    return importables.map(({ name, hasMetadata, hasData, isArchived }) => ({ datasetName: name, hasMetadata, hasData, isArchived }));
  }

  @Delete(':name')
  @HttpCode(200)
  @CompatRoles('operator')
  @ApiOperation({ summary: 'Delete the file of an importable dataset from the input folder', operationId: 'compatDeleteImportable' })
  @ApiParam({ name: 'name', schema: { type: 'string', pattern: '^[A-Z][A-Z0-9_]*$' } })
  @ApiOkResponse({ schema: messageSchema })
  @message(400, 'The name has other characters')
  @message(404, 'There is no such file, it is archived, or it cannot be deleted')
  @message(409, 'An active job has the dataset')
  async delete(@Param('name') name: string, @Req() request: FastifyRequest, @CurrentCaller() caller: Caller): Promise<{ message: string }> {
    if (name === '' || name.includes('/')) throw new RouteUnknownError(request.url);
    if (!isImportableName(name)) {
      throw new CompatError(400, `"${name}" contains invalid characters. Please use only uppercase A-Z, numbers 0-9 or "_"`);
    }
    await this.deletions.delete(name, null, caller).catch((error: unknown) => rethrow(error, name));
    return { message: `OK, ${name} deleted` };
  }
}

/** Throws the error with the original's status and text where it has one of its own. */
function rethrow(error: unknown, name = ''): never {
  if (error instanceof ImportableNotFoundError || error instanceof ImportableNotDeletableError) {
    throw new CompatError(404, `File ${name} not found`);
  }
  if (error instanceof DatasetBusyError) throw new CompatError(409, error.message);
  if (error instanceof InputFolderUnreadableError) throw new CompatError(500, error.message);
  throw error;
}
