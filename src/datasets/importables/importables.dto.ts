import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, Length, Matches } from 'class-validator';
import { pageOf } from '../../common/http/page.js';
import type { ImportableView } from './importables.service.js';
import { type SuggestedOperation, suggestedOperations } from './suggested-operation.js';

/** Query of DELETE importables/{name}. */
export class DeleteImportableQueryDto {
  @ApiPropertyOptional({ minLength: 1, maxLength: 2_000, description: 'Why; stands in the record of the deletion.' })
  @IsOptional()
  @Length(1, 2_000)
  @Matches(/^(?=[\s\S]*\S)(?:[^\p{Cc}\p{Cs}]|[\n\r\t])*$/u, { message: '$property must be readable text without control characters' })
  reason?: string;
}

/** A readable tar with metadata in the input folder or its archive. */
export class ImportableDto {
  @ApiProperty({ pattern: '^[A-Z][A-Z0-9_]*$' })
  name!: string;

  @ApiProperty({ description: 'True: without NAME.json at its root a file is not listed.' })
  hasMetadata!: boolean;

  @ApiProperty({ description: 'The tar has a member `chunks` at its root.' })
  hasData!: boolean;

  @ApiProperty({ description: 'It stands in the folder `archive`, where workers move what they import.' })
  isArchived!: boolean;

  @ApiProperty({ enum: suggestedOperations, description: 'The operation that would import it as it is; `-` where none can be named.' })
  suggestedOperation!: SuggestedOperation;

  @ApiProperty({ type: String, nullable: true, description: 'The queued or running job of the dataset.' })
  activeJobId!: string | null;

  @ApiProperty({ type: 'integer', format: 'int64' })
  sizeBytes!: number;

  @ApiProperty({ format: 'date-time' })
  modifiedAt!: string;
}

/** One page of importables, by name, the one in the input folder before its archived double. */
export class ImportablePageDto extends pageOf(ImportableDto) {}

/** The importable as the API shows it. */
export function importableDtoOf(view: ImportableView): ImportableDto {
  const { name, hasMetadata, hasData, isArchived, suggestedOperation, activeJob, sizeBytes, modifiedAt } = view;
  const activeJobId = activeJob?.jobId ?? null;
  return { name, hasMetadata, hasData, isArchived, suggestedOperation, activeJobId, sizeBytes, modifiedAt: modifiedAt.toISOString() };
}
